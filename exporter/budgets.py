"""How much of anything is taken from a user or a file: every limit of the kind in one table, with its reason.

What exceeds one is refused before the work, by its name here. docs/inputs.md has the same table.
"""

from __future__ import annotations

from dataclasses import dataclass

from exporter.errors import VitexportError
from latency_db import limits

_MIB, _GIB = 2**20, 2**30


@dataclass(frozen=True)
class Budget:
    """The most of one thing."""

    what: str
    """As messages name it, in the plural"""
    most: int
    why: str
    remedy: str = "pass less"
    """What to do about more, as an order"""
    option: str = ""
    """By which it is asked for"""

    def check(self, found: int, subject: object, error: type[VitexportError]) -> None:
        """Raise `error` if `subject` has more."""
        if found > self.most:
            raise self.exceeded(subject, error, f"{found:,}")

    def exceeded(self, subject: object, error: type[VitexportError], found: str = "more") -> VitexportError:
        return error(f"{subject} has {found} {self.what}, and at most {self.most:,} are taken: {self.remedy}.")

    def check_option(self, value: int | None, error: type[VitexportError]) -> None:
        """Raise `error` for a number out of range; None is an option that was not given."""
        if value is not None and not 1 <= value <= self.most:
            raise error(f"{self.option} {value} is out of range: pass a number from 1 to {self.most}.")


WEIGHTS_FILE = Budget(
    "bytes of weights",
    4 * _GIB,
    "the largest model has 0.3 GB, and 1.6 GB with its optimizer and an average over training",
    "save the state dict alone",
)
WEIGHTS_GROWTH = Budget(
    "bytes of weights for each on disk",
    8,
    "PyTorch stores weights as they are; deflated ones, holes in a file and views that repeat a value hold no more",
    "save it again with torch.save",
)
WEIGHTS_NAMES = Budget(
    "tensors",
    100_000,
    "the largest model has 1,386, and fewer than 6,000 with its optimizer and an average over training",
    "save the state dict alone",
)
WEIGHTS_NAME = Budget("characters in a name", 256, "the longest of ours has 79", "save it under shorter names")
WEIGHTS_TEXT = Budget(
    "bytes in one text", _MIB, "a configuration that was saved with the weights has some thousands", "leave it out"
)
WEIGHTS_STEPS = Budget(
    "steps of a pickle", 4_000_000, "one tensor takes thirty, and each may make an object", "save the state dict alone"
)
WEIGHTS_HEADER = Budget(
    "bytes in a header of safetensors",
    32 * _MIB,
    "100,000 tensors take 10 MB",
    "save the state dict alone",
)
MANIFEST_FILE = Budget(
    "bytes of a manifest", 16_000_000, "that of a tracker for an iPhone has 0.12 MB", "export the model again"
)
BUNDLE_FILES = Budget("files of a bundle", 10_000, "the largest has some dozens", "export the model again")
BUNDLE_BYTES = Budget(
    "bytes of files",
    32 * _GIB,
    "the largest model in every format and precision has 5 GB; all of them are read to be checked",
    "export the model in fewer formats",
)
BUNDLE_VALUES = Budget(
    "values",
    2**28,
    "the sequence of the largest tracker has 80 million, of four bytes in memory",
    "export the model again",
)
PHOTO_FILE = Budget(
    "bytes of a picture", _GIB, "several of the readers hold the whole file in memory", "save it as JPEG or PNG"
)
PHOTO_MEMORY = Budget(
    "bytes of memory for a picture", 800 * _MIB, "with it, all of the process stays below 1 GB", "make it smaller"
)
PHOTO_PIXELS = Budget(
    "pixels", 512_000_000, "however little memory a picture takes, decoding takes time as well", "make it smaller"
)
FRAME_PIXELS = Budget(
    "pixels of a frame",
    4096 * 4096,
    "with the 16 frames that a codec may refer to, and copies in RGB, they take 1 GB; a header may claim any size",
    "make it smaller",
)
OBJECTS = Budget(
    "objects", 255, "masks are pictures of eight bits, in which 0 is background", "follow fewer at once", "--object"
)
MASKS = Budget(
    "pixels of masks",
    2**30,
    "each object has one of the frame's size, and a byte of memory for each pixel, twice",
    "follow fewer objects at once, or make the frames smaller",
)
FRAMES = Budget("frames before the first", 10_000_000, "a day has as many at 115 a second", "cut the video", "--start")
IMAGE_SIZE = Budget(
    "pixels of a side", 4096, "the largest model takes 1024; more would only fill the memory", option="--image-size"
)
CLASSES = Budget(
    "classes",
    100_000,
    "ImageNet-21k has 21,841; more would only fill the memory",
    "pass weights of a classifier",
    "--num-classes",
)
THREADS = Budget("threads", 512, "the largest machines have some hundreds of cores", option="--threads")
WORKERS = Budget(
    "processes", 256, "each holds a toolchain and a copy of the model, 1.5 GB at the least", option="--workers"
)
PACK_KERNELS = Budget(
    "kernels of a pack",
    limits.PACK_KERNELS,
    "choosing them takes memory with the square of their number; 300 make a table",
    option="--count",
)
PACK_MANIFEST = Budget(
    "bytes of a kernel pack's manifest", limits.PACK_MANIFEST_BYTES, "that of 300 kernels has 0.1 MB"
)
PACK_ARTEFACT = Budget(
    "bytes of a kernel in a pack",
    256 * _MIB,
    "a kernel is a layer, and the largest model has 0.3 GB in all; it is held in memory while it is sent",
    "make the pack anew",
)
PACKS_BESIDE = Budget(
    "zips beside a pack's result; others are not looked into",
    limits.PACKS_BESIDE,
    "each is opened to find the pack",
)
BUNDLES_BESIDE = Budget(
    "folders beside an app's result; others are not looked into",
    limits.BUNDLES_BESIDE,
    "each is opened to find the bundle",
)
BUNDLE_MANIFEST = Budget(
    "bytes of a bundle's manifest, of a result", limits.BUNDLE_MANIFEST_BYTES, "that of a tracker has 0.1 MB"
)
RESULT_FILE = Budget(
    "bytes of a JSON of results",
    limits.RESULT_BYTES,
    "that of a pack of 2,000 kernels has 0.6 MB; it is held in memory",
)

WEIGHTS_ANYWAY = 64 * _MIB
"""Bytes of weights that a file may hold whatever its size on disk: a sparse or compressed small file does no harm"""


def check_growth(found: int, on_disk: int, subject: object, error: type[VitexportError]) -> None:
    """Raise `error` where so many bytes of weights come from so few of a file."""
    if found > max(WEIGHTS_ANYWAY, WEIGHTS_GROWTH.most * on_disk):
        raise error(
            f"{subject} has {on_disk:,} bytes on disk and would take {found:,} in memory, and at most "
            f"{WEIGHTS_GROWTH.most} for each are taken: {WEIGHTS_GROWTH.remedy}."
        )
