"""Small pictures of every kind that is read, and damage done to them; run as a script it reads many and says what came
of it."""

import importlib.util
import json
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from exporter.errors import VitexportError
from exporter.media.mask_files import read_masks
from exporter.media.photos.reading import read_photo
from tests.exporter.media.peak_memory import peak_megabytes

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF)


def pictures() -> dict[str, bytes]:
    """Ending -> a picture of 40 x 30 pixels, with EXIF where the kind has it."""
    noise = np.random.default_rng(1).integers(0, 256, (8, 10, 3), np.uint8)
    image = Image.fromarray(noise).resize((40, 30))
    exif = Image.Exif()
    exif[0x0112] = 6
    grey = image.convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    translucent = image.convert("RGBA")
    translucent.putalpha(grey)
    palette = image.quantize(16)
    made = {
        ".jpg": (image, {"exif": exif}),
        "-progressive.jpg": (image, {"progressive": True}),
        "-cmyk.jpg": (image.convert("CMYK"), {}),
        ".png": (image, {"exif": exif}),
        "-deep.png": (deep, {}),
        "-translucent.png": (translucent, {}),
        "-palette.png": (palette, {"transparency": bytes(range(0, 256, 16))}),
        ".webp": (image, {"exif": exif}),
        "-translucent.webp": (translucent, {"lossless": True}),
        ".gif": (palette, {"transparency": 3}),
        ".bmp": (image, {}),
        ".tif": (image, {"exif": exif}),
        "-deep.tif": (deep, {}),
        "-float.tif": (grey.convert("F"), {}),
        "-lzw.tif": (image, {"compression": "tiff_lzw"}),
        "-jpeg.tif": (image, {"compression": "jpeg"}),
        ".avif": (image, {"exif": exif}),
        ".jp2": (image, {}),
        ".ppm": (image, {}),
        ".ico": (translucent, {"sizes": [(16, 16)]}),
        ".mpo": (image, {"save_all": True, "append_images": [image]}),
    }
    if importlib.util.find_spec("pillow_heif"):
        made[".heic"] = (image, {"quality": 50})
    return {ending: _saved(image, ending, options) for ending, (image, options) in made.items()}


def _saved(image: Image.Image, ending: str, options: dict) -> bytes:
    stream = BytesIO()
    stream.name = f"a.{ending.rpartition('.')[2]}"
    if ending == ".heic":
        import pillow_heif

        pillow_heif.from_pillow(image).save(stream, **options)
    else:
        image.save(stream, **options)
    return stream.getvalue()


def damaged(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """(name, content) of that many pictures, each with one to four things done to it."""
    random = np.random.default_rng(seed)
    originals = list(pictures().items())
    for number in range(count):
        ending, content = originals[number % len(originals)]
        for _ in range(random.integers(1, 5)):
            content = _damage(random, content)
        if random.random() < 0.7:
            content = _with_checksums(content)
        yield f"{number}{ending}", content


def _damage(random: np.random.Generator, content: bytes) -> bytes:
    # Half of it in the first hundred bytes, where sizes, types and offsets are.
    end = max(1, len(content) if random.random() < 0.5 else min(len(content), 100))
    at = int(random.integers(end))
    length = int(random.choice([1, 2, 4, 30]))
    match random.choice(["byte", "number", "cut", "remove", "repeat", "zeros"]):
        case "byte":
            return content[:at] + bytes([random.integers(256)]) + content[at + 1 :]
        case "number":
            return content[:at] + bytes([random.choice(EXTREMES)]) * length + content[at + length :]
        case "cut":
            return content[:at] if random.random() < 0.3 else content[: max(at, len(content) - length)]
        case "remove":
            return content[:at] + content[at + length :]
        case "repeat":
            return content[: at + length] + content[at:]
    return content[:at] + bytes(length) + content[at + length :]


def _with_checksums(content: bytes) -> bytes:
    """A PNG whose chunks are as they are said to be, so that what is in them is looked at; others as they are."""
    if not content.startswith(b"\x89PNG"):
        return content
    fixed, at = content[:8], 8
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4])
        checked = content[at + 4 : at + 8 + length]
        fixed += content[at : at + 4] + checked + zlib.crc32(checked).to_bytes(4)
        at += 12 + length
    return fixed


def read_all(seed: int, count: int) -> dict:
    """How many could be read, the slowest, what was raised that is no sentence, and the memory that it took."""
    before = peak_megabytes()
    readable, slowest, faults = 0, 0.0, []
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        for name, content in damaged(seed, count):
            path = Path(folder) / name
            path.write_bytes(content)
            for read in (read_photo, lambda path: read_photo(path, 16), read_masks):
                began = time.perf_counter()
                try:
                    read(path)
                    readable += 1
                except VitexportError as error:
                    if len(str(error).splitlines()) != 1 or not str(error).endswith("."):
                        faults.append(f"{name}: {error}")
                except Exception:
                    faults.append(f"{name}: {traceback.format_exc()}")
                slowest = max(slowest, time.perf_counter() - began)
            path.unlink()
    megabytes = peak_megabytes() - before
    return {"readable": readable, "slowest": slowest, "faults": faults, "megabytes": megabytes}


if __name__ == "__main__":
    print(json.dumps(read_all(*map(int, sys.argv[1:]))))
