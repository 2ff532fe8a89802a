"""Bundles that were damaged, or made to harm whoever opens them.

Each kind is a function that changes a copy of a good bundle, by chance a little different each time. `DAMAGED` ones
disagree with their checksums; `FORGED` ones have those of whoever made them.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from safetensors.numpy import load_file, save_file

from exporter.contents import MANIFEST, SUMS
from exporter.manifest import SCHEMA_VERSION

OUTSIDE = "outside"
"""A folder beside the bundles, of which nothing may be opened"""


@dataclass
class Copy:
    """A copy of a good bundle, to be changed by chance. Its files are those of the good one until they are written."""

    folder: Path
    chance: random.Random

    @property
    def outside(self) -> Path:
        return self.folder.with_name(OUTSIDE)

    @property
    def files(self) -> list[str]:
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file())

    @property
    def manifest(self) -> dict[str, Any]:
        return json.loads((self.folder / MANIFEST).read_text())

    def any_file(self) -> str:
        return self.chance.choice(self.files)

    def any_of(self, suffix: str) -> str:
        return self.chance.choice([name for name in self.files if name.endswith(suffix)])

    def artifact(self) -> str:
        """A file of an artefact."""
        made = tuple(one["file"] for one in self.manifest["artifacts"])
        return self.chance.choice([name for name in self.files if name.startswith(made)])

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def write(self, name: str, content: bytes | str) -> None:
        """A new file, so that the good bundle keeps its own."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def seal(self, manifest: Any) -> None:
        """Write a manifest, whatever it says, and checksums that are right."""
        if isinstance(manifest, dict) and isinstance(manifest.get("files"), list):
            manifest["files"] = [
                {"path": name, "bytes": size, "sha256": self.digest(name)}
                for name, size in self.sizes().items()
                if name not in (MANIFEST, SUMS)
            ]
        text = manifest if isinstance(manifest, str) else json.dumps(manifest)
        self.write(MANIFEST, text)
        self.write(SUMS, "".join(f"{self.digest(name)}  {name}\n" for name in self.files if name != SUMS))

    def resized(self) -> dict[str, Any]:
        """The manifest, with the sizes that artefacts have now."""
        manifest = self.manifest
        for one in manifest["artifacts"]:
            one["bytes"] = sum(size for name, size in self.sizes().items() if f"{name}/".startswith(f"{one['file']}/"))
        return manifest

    def sizes(self) -> dict[str, int]:
        return {name: (self.folder / name).stat().st_size for name in self.files}

    def digest(self, name: str) -> str:
        with (self.folder / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


Kind = Callable[[Copy], object]
DAMAGED: list[Kind] = []
FORGED: list[Kind] = []


def damaged(make: Kind) -> Kind:
    DAMAGED.append(make)
    return make


def forged(make: Kind) -> Kind:
    """What it returns is the manifest; None leaves it as it was."""

    def seal(copy: Copy) -> None:
        manifest = make(copy)
        copy.seal(copy.manifest if manifest is None else manifest)

    seal.__name__ = make.__name__
    FORGED.append(seal)
    return make


# Damage: each leaves other bytes, or another name, than the checksums say.


def flipped(content: bytes, chance: random.Random, times: int) -> bytes:
    changed = bytearray(content)
    for place in chance.sample(range(len(changed)), min(times, len(changed))):
        changed[place] ^= 1 << chance.randrange(8)
    return bytes(changed)


@damaged
def a_bit(copy):
    copy.write(name := copy.any_file(), flipped(copy.read(name), copy.chance, 1))


@damaged
def cut(copy):
    content = copy.read(name := copy.any_file())
    copy.write(name, content[: copy.chance.choice([0, 1, len(content) // 2, len(content) - 1])])


@damaged
def longer(copy):
    copy.write(name := copy.any_file(), copy.read(name) + copy.chance.choice([b"\0", b" ", b"\n", b"{}", bytes(9999)]))


@damaged
def gone(copy):
    (copy.folder / copy.any_file()).unlink()


@damaged
def moved(copy):
    (copy.folder / copy.any_file()).rename(copy.folder / copy.chance.choice(["moved", ".moved", "vectors/moved"]))


@damaged
def one_more(copy):
    name = copy.chance.choice(["more", ".hidden", "vectors/more", "a\nb", "\x1b]0;title\a", "deep/er/more", "-rf", " "])
    copy.write(name, copy.chance.choice([b"", b"more"]))


@damaged
def as_if_of_a_file_manager(copy):
    folder = copy.chance.choice(copy.manifest["artifacts"])["file"].rpartition("/")[0]
    copy.write(f"{folder}/{copy.chance.choice(['.DS_Store', 'Thumbs.db', 'desktop.ini'])}", b"weights")


@damaged
def exchanged(copy):
    one, other = copy.chance.sample(copy.files, 2)
    contents = copy.read(one), copy.read(other)
    copy.write(other, contents[0])
    copy.write(one, contents[1])


@damaged
def a_link(copy):
    name = copy.any_file()
    target = copy.outside / "linked"
    shutil.copyfile(copy.folder / name, target)
    replace(copy.folder / name, lambda path: path.symlink_to(target))


@damaged
def a_linked_folder(copy):
    folders = [path for path in copy.folder.rglob("*") if path.is_dir()]
    folder, target = copy.chance.choice(folders), copy.outside / "linked folder"
    shutil.rmtree(target, ignore_errors=True)
    folder.rename(target)
    folder.symlink_to(target)


@damaged
def no_file(copy):
    def bound(path: Path) -> None:
        with chdir(path.parent), socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)

    make = copy.chance.choice([
        os.mkfifo, bound, Path.mkdir, lambda path: path.symlink_to("/dev/zero"), lambda path: path.symlink_to(path),
        lambda path: path.symlink_to("/dev/stdin"), lambda path: path.symlink_to("nothing"),
    ])  # fmt: skip
    replace(copy.folder / copy.any_file(), make)


@damaged
def holes(copy):
    name = copy.any_file()
    copy.write(name, copy.read(name))
    os.truncate(copy.folder / name, copy.chance.choice([2**31, 2**36, 2**42]))


@damaged
def edited(copy):
    manifest = change_somewhere(copy.manifest, copy.chance)
    copy.write(MANIFEST, json.dumps(manifest, indent=1))


@damaged
def other_sums(copy):
    lines = copy.read(SUMS).splitlines()
    place = copy.chance.randrange(len(lines))
    lines[place : place + 1] = copy.chance.choice(
        [[], [b"0" * 64 + lines[place][64:]], [lines[place][:-1]], [lines[place].upper()], [lines[place], b"0  more"]]
    )
    copy.write(SUMS, b"\n".join(lines))


@damaged
def no_json(copy):
    copy.write(MANIFEST, copy.chance.choice([
        b"", b"null", b"[]", b"0", b"\xff\xfe{\0}\0", b"\xef\xbb\xbf{}", b"[" * 10**6, b'{"a":' * 10**5, b"9" * 10**5,
        b'{"schema_version": %d}' % SCHEMA_VERSION,
        b'{"schema_version": 10e999}', b'{"schema_version": "\\ud800"}', b"\0" * 10**6,
    ]))  # fmt: skip


def make_room(path: Path) -> None:
    """Make room for a file or folder."""
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def replace(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


# Forgeries: whatever is changed, the checksums are right.

HUGE = 10**400
ESCAPES = (
    "\x1b]0;title\a", "\x1b[2J\x1b[H", "a\nvitexport: all is well", "\r", "\u202egnp.x", "\u200bhidden", "\ud800",
    "\x9b31m", "\0",
)  # fmt: skip
HOSTILE: tuple[Any, ...] = (
    None, True, "", 0, -1, 1, 2**31, 2**63, HUGE, -HUGE, 1e308, -0.0, float("nan"), float("inf"), [], {}, [[]],
    "a" * 10**6, [0] * 10**5, *ESCAPES,
)  # fmt: skip


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key or index) in some JSON."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


def change_somewhere(manifest: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A hostile value anywhere but in the list of files."""
    container, key = chance.choice([(c, k) for c, k in places(manifest) if k != "files" and c not in manifest["files"]])
    container[key] = chance.choice([one for one in HOSTILE if repr(one) != repr(container[key])])
    return manifest


@forged
def a_value(copy):
    return change_somewhere(copy.manifest, copy.chance)


@forged
def a_number(copy):
    manifest = copy.manifest
    numbers = [(c, k) for c, k in places(manifest) if type(c[k]) in (int, float)]
    container, key = copy.chance.choice(numbers)
    container[key] = copy.chance.choice([0, -1, 0.5, 1e-300, 1e300, 2**31, 2**53, HUGE, float("nan"), float("inf")])
    return manifest


@forged
def a_text(copy):
    manifest = copy.manifest
    texts = [(c, k) for c, k in places(manifest) if isinstance(c[k], str)]
    container, key = copy.chance.choice(texts)
    container[key] += copy.chance.choice(ESCAPES)
    return manifest


@forged
def a_key(copy):
    manifest = copy.manifest
    container = copy.chance.choice([manifest, *(c[k] for c, k in places(manifest) if isinstance(c[k], dict) and c[k])])
    name = copy.chance.choice(list(container))
    value = container.pop(name)
    if copy.chance.random() < 0.5:
        container[copy.chance.choice(["__class__", "", name.upper(), *ESCAPES])] = value
    return manifest


@forged
def a_list(copy):
    manifest = copy.manifest
    lists = [(c, k) for c, k in places(manifest) if isinstance(c[k], list) and c[k] and k != "files"]
    container, key = copy.chance.choice(lists)
    items = container[key]
    container[key] = copy.chance.choice([[], items * 2, items[1:], items[::-1], items[:1] * 10_000])
    return manifest


@forged
def a_path(copy):
    """One that leads out, to a file that would do."""
    manifest = copy.manifest
    paths = [(one, "file") for one in manifest["artifacts"]] + [(one, "vectors") for one in manifest["graphs"]]
    container, key = copy.chance.choice(paths + ([(manifest["sequence"], "file")] if manifest["sequence"] else []))
    target = copy.outside / "led to"
    make_room(target)
    inside = copy.folder / container[key]
    (shutil.copytree if inside.is_dir() else shutil.copyfile)(inside, target)
    names = [f"../{OUTSIDE}/led to", str(target), f"./../{OUTSIDE}/led to", "/", ".", "..", "", "/dev/zero", MANIFEST]
    container[key] = copy.chance.choice([*names, f"file://{target}", f"..\\{OUTSIDE}\\led to", "~", "a" * 300])
    return manifest


@forged
def a_listed_path(copy):
    """One that leads out, in the list of files."""
    manifest = copy.manifest
    copy.seal(manifest)
    manifest["files"].append(
        {"path": f"../{OUTSIDE}/secret", "bytes": 6, "sha256": hashlib.sha256(b"secret").hexdigest()}
    )
    copy.write(MANIFEST, json.dumps(manifest))
    copy.write(SUMS, copy.read(SUMS) + f"{manifest['files'][-1]['sha256']}  ../{OUTSIDE}/secret\n".encode())
    return json.dumps(manifest)


@forged
def a_long_path(copy):
    """Of so many folders that whoever counts them counts for ever."""
    manifest, long = copy.manifest, copy.chance.choice(["a/" * 20_000 + "a", "a" * 10**6, "/".join(["a" * 100] * 50)])
    copy.seal(manifest)
    for part, key in ((manifest["files"][-1], "path"), (manifest["artifacts"][0], "file")):
        part[key] = copy.chance.choice([long, part[key]])
    return json.dumps(manifest)


@forged
def an_artefact(copy):
    content, chance = copy.read(name := copy.artifact()), copy.chance
    change = chance.choice([
        lambda: flipped(content, chance, chance.choice([1, 3, 30])),
        lambda: content[: chance.randrange(len(content))],
        lambda: bytes(len(content)),
        lambda: chance.randbytes(1000),
        lambda: b"",
        lambda: content * 2,
        lambda: flipped(content[:4000], chance, 20) + content[4000:],
    ])  # fmt: skip
    copy.write(name, change())
    return copy.resized()


@forged
def other_vectors(copy):
    name, chance = copy.any_of(".safetensors"), copy.chance
    tensors = load_file(copy.folder / name)
    key = chance.choice(list(tensors))
    change = chance.choice([
        lambda one: None,
        lambda one: one[:0],
        lambda one: one[:1],
        lambda one: one.astype("float64"),
        lambda one: one.astype("bool"),
        lambda one: one.reshape(-1),
        lambda one: one[..., :1],
        lambda one: np.full_like(one, 255 if one.dtype == np.uint8 else np.nan),
        lambda one: np.concatenate([one, one]),
        lambda one: one.astype("float32") * 1e38,
    ])  # fmt: skip
    value = change(tensors.pop(key))
    if value is not None:
        tensors[chance.choice([key, key, "input.more", *ESCAPES[:3]])] = np.ascontiguousarray(value)
    (copy.folder / name).unlink()
    save_file(tensors, copy.folder / name)


@forged
def vectors_of_holes(copy):
    """A file that takes no room on disk, and all of the memory."""
    name, count = copy.any_of(".safetensors"), 2**28 + copy.chance.choice([0, 1])
    header = json.dumps({"input.image": {"dtype": "U8", "shape": [count], "data_offsets": [0, count]}}).encode()
    copy.write(name, len(header).to_bytes(8, "little") + header)
    os.truncate(copy.folder / name, 8 + len(header) + count)


@forged
def damaged_vectors(copy):
    content, chance = copy.read(name := copy.any_of(".safetensors")), copy.chance
    change = chance.choice([
        lambda: flipped(content[:600], chance, 8) + content[600:],
        lambda: content[:-5],
        lambda: b"\xff" * 8 + content[8:],
        lambda: content.replace(b"F32", b"F64", 1).replace(b"U8", b"I8", 1),
        lambda: content.replace(b'"U8"', b'"BF16"', 1).replace(b'"F32"', b'"F8_E4M3"', 1),
        lambda: (100).to_bytes(8, "little") + b"[" * 100,
    ])  # fmt: skip
    copy.write(name, change())


@forged
def a_program_of_onnx(copy):
    """One that a tool for it could have written, and that does something else than is said."""
    names = [name for name in copy.files if name.endswith(".onnx")]
    if not names:
        return an_artefact(copy)
    name, chance = copy.chance.choice(names), copy.chance
    model = onnx.load_from_string(copy.read(name))
    change = chance.choice([led_out, renamed, reshaped, retyped, one_more_output, an_operator, metadata])
    change(model, copy)
    copy.write(name, model.SerializeToString())
    return copy.resized()


def led_out(model, copy):
    """Weights from a file outside."""
    weight = max(model.graph.initializer, key=lambda one: len(one.raw_data))
    (copy.outside / "weights").write_bytes(weight.raw_data)
    weight.ClearField("raw_data")
    weight.data_location = onnx.TensorProto.EXTERNAL
    location = copy.chance.choice([f"../../{OUTSIDE}/weights", str(copy.outside / "weights"), "/dev/zero", ""])
    weight.external_data.add(key="location", value=location)


def renamed(model, copy):
    model.graph.input[0].name = copy.chance.choice(["", "other", *ESCAPES[:2]])


def reshaped(model, copy):
    size = copy.chance.choice([model.graph.input, model.graph.output])[0].type.tensor_type.shape.dim[0]
    size.dim_value = copy.chance.choice([-1, 0, 2, 2**31, 2**62])


def retyped(model, copy):
    model.graph.input[0].type.tensor_type.elem_type = copy.chance.choice([0, 7, 8, 99])


def one_more_output(model, copy):
    model.graph.output.append(onnx.helper.make_tensor_value_info("more", 1, [1]))


def an_operator(model, copy):
    copy.chance.choice(model.graph.node).op_type = copy.chance.choice(["NoSuch", "", "\x1b[2J", "Identity"])


def metadata(model, copy):
    model.producer_name = copy.chance.choice(["\x1b]0;title\a", "a" * 10**6])
    model.ir_version = copy.chance.choice([0, 2, 10_000])


@forged
def a_package(copy):
    """The list of a Core ML package's items, of which some lead out."""
    names = [name for name in copy.files if name.endswith(".mlpackage/Manifest.json")]
    if not names:
        return an_artefact(copy)
    name, chance = copy.chance.choice(names), copy.chance
    (copy.outside / "item").write_bytes(b"item")
    out = "/".join([".."] * (name.count("/") + 2))
    content = json.loads(copy.read(name))
    item = chance.choice(list(content["itemInfoEntries"].values()))
    item["path"] = chance.choice([f"{out}/{OUTSIDE}/item", str(copy.outside / "item"), "", "/", "\0", 7, None])
    copy.write(name, chance.choice([json.dumps(content), "[" * 10**5, "{}", "null", ""]))
    return copy.resized()
