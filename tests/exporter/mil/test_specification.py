"""What a package says beside its program: functions, kinds of models, and how apps see inputs and outputs."""

import coremltools as ct
import numpy as np
import pytest
from coremltools.converters.mil import Builder as mb
from coremltools.converters.mil.mil import types

from exporter import mil
from exporter.errors import BackendError, InputShapeError
from exporter.toolchain_noise import quiet

IOS16, IOS18 = ct.target.iOS16, ct.target.iOS18


def scaled(factor, size=4):
    """A program that multiplies x [size] by what a weight file holds."""

    @mb.program(input_specs=[mb.TensorSpec((size,))], opset_version=IOS18)
    def program(x):
        return mb.mul(x=x, y=np.full(size, factor, np.float32), name="y")

    return program


def ones(program):
    return {one.name: np.ones(one.shape, np.float32) for one in program.inputs}


@pytest.fixture
def functions(saved):
    """A package of three functions, of which "large" is the default one: x [16] * 3, and not "main", x [4] * 2."""
    descriptor = ct.utils.MultiFunctionDescriptor()
    for name, factor, size in (("main", 2, 4), ("large", 3, 16), ("small", 4, 1)):
        descriptor.add_function(str(saved(scaled(factor, size), name)), "main", name)
    descriptor.default_function_name = "large"
    path = saved.folder / "functions.mlpackage"
    with quiet("coremltools"):
        ct.utils.save_multifunction(descriptor, str(path))
    return path


def test_the_default_function_is_the_one_that_the_package_names(functions):
    program = mil.load(functions)
    assert (program.function, program.functions) == ("large", ("large", "main", "small"))
    assert mil.run(program, ones(program))["y"].tolist() == [3] * 16


@pytest.mark.parametrize(("name", "result"), [("main", [2] * 4), ("large", [3] * 16), ("small", [4])])
def test_any_function_can_be_named(functions, name, result):
    program = mil.load(functions, name)
    assert program.function == name
    assert mil.run(program, ones(program))["y"].tolist() == result


def test_a_function_that_is_not_there_is_refused_with_those_that_are(functions):
    with pytest.raises(BackendError, match=r"has no function 'tiny': name one of large, main, small\.$"):
        mil.load(functions, "tiny")


def test_a_default_function_that_is_not_there_is_refused_with_those_that_are(functions, saved):
    saved.edited(functions, lambda model: setattr(model.description, "defaultFunctionName", "gone"))
    with pytest.raises(BackendError, match=r"has no function 'gone': name one of large, main, small\.$"):
        mil.load(functions)


def test_a_single_function_of_another_name_is_the_default_one(saved):
    def rename(model):
        model.mlProgram.functions["infer"].CopyFrom(model.mlProgram.functions["main"])
        del model.mlProgram.functions["main"]

    program = mil.load(saved.edited(saved(scaled(2)), rename))
    assert program.function == "infer"
    assert mil.run(program, ones(program))["y"].tolist() == [2] * 4


def test_what_another_function_uses_does_not_matter(functions, saved):
    def unknown(model):
        model.mlProgram.functions["small"].block_specializations["CoreML8"].operations[-1].type = "custom_layer"

    saved.edited(functions, unknown)
    assert mil.run(mil.load(functions), {"x": np.ones(16, np.float32)})["y"].tolist() == [3] * 16
    with pytest.raises(BackendError, match="uses the operator custom_layer, as 'y', which the interpreter has not"):
        mil.load(functions, "small")


def test_a_function_without_its_operator_set_is_refused_in_words(saved):
    path = saved.edited(saved(scaled(2)), lambda model: setattr(model.mlProgram.functions["main"], "opset", "CoreML99"))
    with pytest.raises(BackendError, match=r"has nothing for its operator set 'CoreML99': convert the model anew\.$"):
        mil.load(path)


def models_of_other_kinds():
    yield "neuralNetwork", "holds a neural network of Core ML's older kind: convert the model anew"
    yield "neuralNetworkClassifier", "holds a neural network of Core ML's older kind: convert the model anew"
    yield "pipeline", "holds a pipeline of models: save each mlprogram in it as a package of its own"
    yield "pipelineClassifier", "holds a pipeline of models: save each mlprogram in it as a package of its own"
    yield "treeEnsembleClassifier", "holds a model of the kind treeEnsembleClassifier, and no mlprogram: convert"


@pytest.mark.parametrize(("kind", "advice"), models_of_other_kinds())
def test_a_model_of_another_kind_is_named_with_what_to_do(saved, kind, advice):
    path = saved.edited(saved(scaled(2)), lambda model: getattr(model, kind).SetInParent())
    with pytest.raises(BackendError, match=f"^saved.mlpackage {advice}"):
        mil.load(path)


def test_an_input_with_a_default_may_be_left_out(saved):
    @mb.program(input_specs=[mb.TensorSpec((1, 3)), mb.TensorSpec((1, 3))], opset_version=IOS16)
    def program(x, shift):
        return mb.add(x=x, y=shift, name="y")

    inputs = [
        ct.TensorType(name="x", shape=(1, 3)),
        ct.TensorType(name="shift", shape=(1, 3), default_value=np.full((1, 3), 0.5, np.float32)),
    ]
    program = mil.load(saved(program, inputs=inputs))
    assert [one.default for one in program.inputs] == [None, 0.5]
    x = np.ones((1, 3), np.float32)
    assert mil.run(program, {"x": x})["y"].tolist() == [[1.5] * 3]
    assert mil.run(program, {"x": x, "shift": x})["y"].tolist() == [[2] * 3]
    with pytest.raises(InputShapeError):
        mil.run(program, {"shift": x})


@pytest.mark.parametrize(
    ("layout", "channels", "colour"),
    [
        (ct.colorlayout.RGB, 3, "RGB"),
        (ct.colorlayout.BGR, 3, "BGR"),
        (ct.colorlayout.GRAYSCALE, 1, "GRAYSCALE"),
        (ct.colorlayout.GRAYSCALE_FLOAT16, 1, "GRAYSCALE"),
    ],
)
def test_images_are_arrays_in_the_colour_order_that_is_said(saved, layout, channels, colour):
    shape = (1, channels, 2, 3)
    dtype = types.fp16 if layout == ct.colorlayout.GRAYSCALE_FLOAT16 else types.fp32

    @mb.program(input_specs=[mb.TensorSpec(shape, dtype=dtype)], opset_version=IOS16)
    def program(x):
        return mb.sub(x=types.nptype_from_builtin(dtype)(255), y=x, name="y")

    def to_image(model):
        model.description.output[0].type.CopyFrom(model.description.input[0].type)

    path = saved(program, inputs=[ct.ImageType(name="x", shape=shape, color_layout=layout)])
    program = mil.load(saved.edited(path, to_image))
    (given,), (result,) = program.inputs, program.outputs
    assert (given.colour, given.shape, result.colour) == (colour, shape, colour)
    picture = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    assert mil.run(program, {"x": picture})["y"].tolist() == (255.0 - picture).tolist()


def test_states_are_refused_by_the_operator_that_reads_them(saved):
    @mb.program(
        input_specs=[mb.TensorSpec((3,), types.fp16), mb.StateTensorSpec((3,), types.fp16)], opset_version=IOS18
    )
    def program(x, kept):
        return mb.coreml_update_state(state=kept, value=mb.add(x=x, y=mb.read_state(input=kept)), name="y")

    with pytest.raises(BackendError, match="uses the operator read_state"):
        mil.load(saved(program))


PROBABILITIES = np.float32([[0.1, 0.2, 0.4, 0.3]])


def classifying(half=False):
    """A program whose output is its input, a probability for each of four classes."""

    @mb.program(input_specs=[mb.TensorSpec((1, 4), types.fp16 if half else types.fp32)], opset_version=IOS16)
    def program(x):
        return mb.identity(x=x, name="probabilities")

    return program


CLASSES = {"text": ["tabby cat", "dog", "Vögel", "a, b"], "integers": [7, 8, -1, 2**40]}


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("half", [False, True], ids=["fp32", "fp16"])
def test_a_classifier_gives_its_label_and_the_probabilities_in_the_order_of_its_classes(saved, classes, half):
    labels = CLASSES[classes]
    program = mil.load(saved(classifying(half), classifier_config=ct.ClassifierConfig(labels)))
    assert set(program.classes) == {"classLabel", "classLabel_probs"}
    assert set(program.classes.values()) == {tuple(labels)}
    outputs = mil.run(program, {"x": PROBABILITIES})
    assert outputs["classLabel"].item() == labels[2]
    np.testing.assert_allclose(outputs["classLabel_probs"], PROBABILITIES[0], atol=1e-3 if half else 0)


@pytest.mark.parametrize("classes", CLASSES)
def test_classes_may_be_a_constant_of_their_own(saved, classes):
    """As Core ML's format allows: coremltools' writer puts them where they are used, and its reader knows no other."""

    def moved(model):
        operations = model.mlProgram.functions["main"].block_specializations["CoreML6"].operations
        (place,) = (place for place, operation in enumerate(operations) if operation.type == "classify")
        argument = operations[place].inputs["classes"].arguments[0]
        constant = type(operations[place])(type="const")
        constant.attributes["val"].CopyFrom(argument.value)
        constant.outputs.add(name="classes", type=argument.value.type)
        argument.name = "classes"
        operations.insert(place, constant)

    path = saved(classifying(), classifier_config=ct.ClassifierConfig(CLASSES[classes]))
    program = mil.load(saved.edited(path, moved))
    assert mil.run(program, {"x": PROBABILITIES})["classLabel"].item() == CLASSES[classes][2]


def test_a_constant_tensor_of_text_is_a_list_of_it(saved):
    def named(model):
        block = model.mlProgram.functions["main"].block_specializations["CoreML8"]
        text = block.operations.add(type="const")
        value = text.attributes["val"]
        value.type.tensorType.dataType = ct.proto.MIL_pb2.DataType.STRING
        value.type.tensorType.rank = 1
        value.type.tensorType.dimensions.add().constant.size = 2
        value.immediateValue.tensor.strings.values.extend(["one", "two"])
        text.outputs.add(name="names", type=value.type)
        block.outputs.append("names")

    program = mil.load(saved.edited(saved(scaled(2)), named))
    assert program.constants["names"] == ("one", "two")
    assert mil.run(program, ones(program))["y"].tolist() == [2] * 4
