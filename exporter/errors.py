"""Mistakes a user can make or meet. Each message is one sentence that says what is wrong and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches


class VitexportError(Exception):
    """A user's mistake or a limit of this machine; the command line prints the message and exits 2."""


class VitexportWarning(UserWarning):
    """What a user should know and the work goes on without; the command line prints the message."""


class UnknownModelError(VitexportError, LookupError):
    """No model of this name."""


class UnknownDeviceError(VitexportError, LookupError):
    """No device of this name."""


class InputShapeError(VitexportError, ValueError):
    """An image size, channel count or tensor shape that a model does not take."""


class WeightsError(VitexportError):
    """A checkpoint that cannot be read, or does not fit the model."""


class BackendError(VitexportError):
    """A format whose toolchain is missing, or that cannot do what was asked."""


class BundleError(VitexportError):
    """A bundle that is missing, damaged or of another version."""


class ImageError(VitexportError):
    """A picture that cannot be read."""


class DataError(VitexportError):
    """Pictures that a model is to be trained with cannot be had, or are too few."""


class BudgetError(VitexportError):
    """A budget that makes no sense, or that no part of a model meets."""


class PromptError(VitexportError, ValueError):
    """A prompt that says nothing, or something outside the frame."""


class VideoError(VitexportError):
    """A video or folder of frames that cannot be read, or a video that cannot be written."""


class CutShortError(VideoError):
    """A video that ends before its header says, or is damaged from somewhere on; what came before was read."""


class EmulationError(VitexportError):
    """Code for arm64 cannot be run on this machine: something that it needs is missing."""


class LatencyError(VitexportError):
    """A latency that nobody can tell, or a file or database of latencies that cannot be read."""


class DriverError(VitexportError):
    """LiteRT's GPU delegate cannot run on this machine: no Vulkan driver that it takes."""


class MissingPackageError(VitexportError, ModuleNotFoundError):
    """A package that this needs and that is not installed."""

    def __init__(self, missing: ModuleNotFoundError, extra: str = "all") -> None:
        super().__init__(
            f"{missing.name} is not installed, and this needs it: pip install 'vitexport[{extra}]'.", name=missing.name
        )


class VerificationError(Exception):
    """An artefact disagrees with PyTorch; the command line exits 1."""


def closest(name: str, known: Iterable[str], count: int = 3) -> str:
    """The `count` nearest of the known names, ready for a sentence: "a, b or c"."""
    *head, last = get_close_matches(name, list(known), n=count, cutoff=0.0)
    return f"{', '.join(head)} or {last}" if head else last


def describe(error: BaseException) -> str:
    """A toolchain's exception in one line: its type and the first line of what it says."""
    first_line = next(iter(str(error).strip().splitlines()), "no message")
    return f"{type(error).__name__}: {first_line}"
