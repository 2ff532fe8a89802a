"""Operations, written as lines."""

from exporter.operations.operation import Operation, Value


def program(*lines):
    """Operations of lines such as "x = CONV a b"; each is named by its result."""
    found = []
    for line in lines:
        result, _, kind, *given = line.split()
        values = [Value(name, (1,), "float32") for name in (result, *given)]
        found.append(Operation(kind, result, tuple(values[1:]), (values[0],)))
    return found
