"""What the specification of a package says beside the program: its kind, its functions, and how apps see the inputs.

It reads and edits the protobuf message `Model` that coremltools has parsed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from exporter.errors import BackendError

_OLDER = "convert the model anew with coremltools.convert(…, convert_to='mlprogram')"
_PIPELINE = "a pipeline of models: save each mlprogram in it as a package of its own"
_OTHERS = {
    "neuralNetwork": f"a neural network of Core ML's older kind: {_OLDER}",
    "neuralNetworkClassifier": f"a neural network of Core ML's older kind: {_OLDER}",
    "neuralNetworkRegressor": f"a neural network of Core ML's older kind: {_OLDER}",
    "pipeline": _PIPELINE,
    "pipelineClassifier": _PIPELINE,
    "pipelineRegressor": _PIPELINE,
}
"""Kind of a model that is no mlprogram -> what it is, and what to do"""


def check_kind(model: Any, name: str) -> None:
    """Raises `BackendError` unless the model is an mlprogram."""
    kind = model.WhichOneof("Type")
    if kind is None:
        raise BackendError(f"{name} cannot be read (it holds no model): copy it again whole.")
    if kind != "mlProgram":
        raise BackendError(
            f"{name} holds {_OTHERS.get(kind, f'a model of the kind {kind}, and no mlprogram: {_OLDER}')}."
        )


def choose_function(model: Any, wanted: str | None, name: str) -> str:
    """The function to run: the one that is wanted, or the default one; raises `BackendError` if it is not there."""
    functions = function_names(model)
    chosen = wanted or model.description.defaultFunctionName or "main"
    if chosen in functions:
        return chosen
    if wanted is None and len(functions) == 1:
        return functions[0]
    raise BackendError(f"{name} has no function {chosen!r}: name one of {', '.join(functions)}.")


def function_names(model: Any) -> tuple[str, ...]:
    """The functions of an mlprogram, the default one first, then by name."""
    default = model.description.defaultFunctionName or "main"
    return tuple(sorted(model.mlProgram.functions, key=lambda name: (name != default, name)))


def keep_only(model: Any, function: str) -> None:
    """Forget the other functions: they may use what this one does not."""
    for name in function_names(model):
        if name != function:
            del model.mlProgram.functions[name]


def operations_of(model: Any, function: str, name: str) -> Any:
    """The operations of a function, in the operator set that it is for; raises `BackendError` where it has none."""
    chosen = model.mlProgram.functions[function]
    if chosen.opset not in chosen.block_specializations:
        raise BackendError(f"{name} has nothing for its operator set {chosen.opset!r}: convert the model anew.")
    return chosen.block_specializations[chosen.opset].operations


def features(model: Any, function: str) -> dict[str, Any]:
    """Name -> type of every input and output of a function, as apps see them."""
    described = next((one for one in model.description.functions if one.name == function), model.description)
    return {feature.name: feature.type for feature in (*described.input, *described.output)}


def colour(feature: Any) -> str | None:
    """The colour order of an image: "RGB", "BGR" or "GRAYSCALE"."""
    if feature is None or feature.WhichOneof("Type") != "imageType":
        return None
    image = feature.imageType
    return str(image.ColorSpace.Name(image.colorSpace)).removesuffix("_FLOAT16")


def default_value(feature: Any) -> float | None:
    """What every element of an optional input is where none is given."""
    if feature is None or not feature.isOptional or feature.WhichOneof("Type") != "multiArrayType":
        return None
    field = feature.multiArrayType.WhichOneof("defaultOptionalValue")
    return None if field is None else float(getattr(feature.multiArrayType, field))


def weight_files(operations: Any) -> Iterator[str]:
    """The files that hold constants of operations, by their names in the specification."""
    for operation in operations:
        arguments = (one for given in operation.inputs.values() for one in given.arguments)
        for value in (*operation.attributes.values(), *(one.value for one in arguments)):
            if value.WhichOneof("value") == "blobFileValue":
                yield value.blobFileValue.fileName
        for nested in operation.blocks:
            yield from weight_files(nested.operations)


def check_operators(operations: Any, covered: Collection[str], name: str) -> None:
    """Raises `BackendError` for the first operator that is not covered."""
    for operation in operations:
        if operation.type not in covered:
            raise unknown_operator(name, operation.type, operation.outputs[0].name if operation.outputs else "")


def unknown_operator(name: str, kind: str, result: str) -> BackendError:
    return BackendError(f"{name} uses the operator {kind}, as {result!r}, which the interpreter has not.")


def inline_lists(operations: Any) -> None:
    """Write lists that are constants of their own, which coremltools' reader does not know, where they are used."""
    places = [
        place
        for place, operation in enumerate(operations)
        if "val" in operation.attributes and operation.attributes["val"].type.WhichOneof("type") == "listType"
    ]
    lists = {operations[place].outputs[0].name: operations[place].attributes["val"] for place in places}
    for argument in (one for operation in operations for given in operation.inputs.values() for one in given.arguments):
        if argument.name in lists:
            argument.value.CopyFrom(lists[argument.name])
    for place in reversed(places):
        del operations[place]
