"""Files that were made to harm whoever loads them as weights; run as a script it loads a folder of them and says what
came of each.

Each kind is a function that writes one of them, by chance a little different each time, from a good checkpoint.
"""

import json
import os
import random
import socket
import struct
import sys
import time
import traceback
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import torch
from safetensors.torch import save

from exporter.errors import VitexportError
from exporter.models.classifier import Classifier
from exporter.models.weights.loading import load_weights
from tests.exporter.media.peak_memory import peak_megabytes
from tests.exporter.models.weights.states import State, holds, kept
from tests.models import reduced

HUGE = (2**31 - 1, 2**32 - 1, 2**40, 2**62, 2**63 - 1, 2**64 - 1)


@dataclass
class Good:
    """A checkpoint that fits, in each of its forms."""

    state: State

    def __post_init__(self) -> None:
        archive, row = BytesIO(), BytesIO()
        torch.save(self.state, archive)
        torch.save(self.state, row, _use_new_zipfile_serialization=False)
        self.archive, self.row, self.safetensors = archive.getvalue(), row.getvalue(), save(self.state)
        with zipfile.ZipFile(archive) as opened:
            self.entries = {name: opened.read(name) for name in opened.namelist()}
        self.name = "stem.conv.weight"
        length = int.from_bytes(self.safetensors[:8], "little")
        self.header, self.values = json.loads(self.safetensors[8 : 8 + length]), self.safetensors[8 + length :]

    def with_entries(self, entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
        """An archive with other content in some of its places."""
        return zipped({**self.entries, **entries}, compression)

    def with_pickle(self, pickle: bytes, compression: int = zipfile.ZIP_STORED) -> bytes:
        return self.with_entries({"archive/data.pkl": pickle}, compression)

    def with_header(self, header: object, values: bytes | None = None) -> bytes:
        """Safetensors with another header."""
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + (self.values if values is None else values)


def zipped(entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, value in entries.items():
            archive.writestr(name, value)
    return content.getvalue()


# Pickles, from pieces


def text(value: str | bytes) -> bytes:
    value = value if isinstance(value, bytes) else value.encode()
    return b"X" + struct.pack("<I", len(value)) + value


def number(value: int | float) -> bytes:
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    content = value.to_bytes(max(1, value.bit_length() // 8 + 1), "little", signed=True)
    return b"\x8a" + bytes([len(content)]) + content


def numbers(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def called(name: str, *arguments: bytes) -> bytes:
    module, _, function = name.rpartition(".")
    return f"c{module}\n{function}\n".encode() + b"(" + b"".join(arguments) + b"tR"


def stored(key: bytes, count: bytes, kind: str = "FloatStorage") -> bytes:
    return b"(" + text("storage") + f"ctorch\n{kind}\n".encode() + key + text("cpu") + count + b"tQ"


def tensor(
    count: int | float, size: tuple[int, ...], stride: tuple[int, ...], offset: int = 0, key: str = "0"
) -> bytes:
    storage = stored(text(key), number(count))
    return called(
        "torch._utils._rebuild_tensor_v2", storage, number(offset), numbers(size), numbers(stride), b"\x89", b"}"
    )


def mapping(entries: dict[str | bytes, bytes]) -> bytes:
    return b"\x80\x02}(" + b"".join(text(key) + value for key, value in entries.items()) + b"u."


def doubled(times: int) -> bytes:
    """A tuple of two that are the same, of two that are the same, …: small, and endless to walk through."""
    return b")" + b"q\x00h\x00\x86" * times


# The kinds

Kind = Callable[[random.Random, Good], "bytes | Callable[[Path], object]"]
KINDS: list[Kind] = []


def kind(make: Kind) -> Kind:
    KINDS.append(make)
    return make


def central(chance: random.Random, good: Good, field: int, form: str, value: int) -> bytes:
    """The archive with a number changed in its directory, of one of its entries."""
    content = bytearray(good.archive)
    places = [place for place in range(len(content) - 4) if content[place : place + 4] == b"PK\1\2"]
    struct.pack_into(form, content, chance.choice(places) + field, value)
    return bytes(content)


@kind
def sizes_that_lie(chance, good):
    return central(chance, good, chance.choice([20, 24]), "<I", chance.choice([0, 1, 2**31, 2**32 - 1]))


@kind
def offsets_that_lie(chance, good):
    return central(chance, good, 42, "<I", chance.choice([0, 7, len(good.archive) - 9, 2**32 - 2]))


@kind
def methods_and_flags(chance, good):
    return central(chance, good, *chance.choice([(8, "<H", 1), (10, "<H", 8), (10, "<H", 12), (10, "<H", 99)]))


@kind
def checksums_that_lie(chance, good):
    return central(chance, good, 16, "<I", chance.getrandbits(32))


@kind
def a_directory_that_lies(chance, good):
    content = bytearray(good.archive)
    end = content.rindex(b"PK\5\6")
    form, place = chance.choice([("<H", 8), ("<H", 10), ("<I", 12), ("<I", 16)])
    struct.pack_into(form, content, end + place, chance.randrange(2 ** (8 * struct.calcsize(form))))
    return bytes(content)


@kind
def entries_in_one_place(chance, good):
    """Each says that it is the largest."""
    content, largest = bytearray(good.archive), 0
    with zipfile.ZipFile(BytesIO(good.archive)) as archive:
        largest = max(archive.infolist(), key=lambda one: one.file_size)
    place = content.index(b"PK\1\2")
    while content[place : place + 4] == b"PK\1\2":
        lengths = struct.unpack_from("<3H", content, place + 28)
        struct.pack_into("<3I", content, place + 16, largest.CRC, largest.file_size, largest.file_size)
        struct.pack_into("<I", content, place + 42, largest.header_offset)
        place += 46 + sum(lengths)
    return bytes(content)


@kind
def a_bomb(chance, good):
    """Zeros that were packed a thousandfold, and that an entry may deny."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    mebibyte = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    count, entry = chance.choice([100, 1500]), chance.choice(["archive/data/0", "archive/data.pkl", "archive/version"])
    content = bytearray(zipped({**good.entries, entry: mebibyte * count}))
    place = content.rindex(entry.encode()) - 46
    struct.pack_into("<H", content, place + 10, zipfile.ZIP_DEFLATED)
    struct.pack_into("<I", content, place + 24, chance.choice([count * 2**20, len(good.entries[entry])]))
    return bytes(content)


@kind
def names_of_entries(chance, good):
    other = chance.choice(["../archive/", "/archive/", "archive\\", "archive/../archive/", "archive/\0", "a" * 60000])
    return zipped({f"{other}{name.removeprefix('archive/')}": value for name, value in good.entries.items()})


@kind
def entries_twice(chance, good):
    name = chance.choice([*good.entries])
    other = f"{name[:-1]}?"
    content = zipped({**good.entries, other: bytes(len(good.entries[name]))})
    return content.replace(other.encode(), name.encode())


@kind
def two_pickles(chance, good):
    return zipped({"other/data.pkl": mapping({"a": b"N"}), **good.entries} if chance.random() < 0.5 else
                  {**good.entries, "zother/data.pkl": mapping({"a": b"N"})})  # fmt: skip


@kind
def bytes_changed(chance, good):
    content = bytearray(good.archive)
    for _ in range(chance.choice([1, 10, 1000])):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(content)


@kind
def cut_or_begun_late(chance, good):
    content, place = chance.choice([good.archive, good.row, good.safetensors]), chance.random()
    place = int(place * len(content))
    return chance.choice([content[:place], content[place:], b"MZ" + content[:place]])


@kind
def code(chance, good):
    names = ("os.system", "builtins.eval", "builtins.getattr", "torch.load", "torch.hub.load", "numpy.load",
             "torch.storage._load_from_bytes", "exporter.models.weights.torch_file.read_archive")  # fmt: skip
    pickle = called(chance.choice(names), text("touch /tmp/touched"))
    return chance.choice([good.with_pickle(mapping({good.name: pickle})), b"\x80\x02" + pickle + b"."])


@kind
def deep_nesting(chance, good):
    times = chance.choice([1000, 100_000, 300_000])
    opened, closed = chance.choice([(b"", b"\x85"), (b"]", b"a"), (b"}" + text("a"), b"s"), (b"(", b"t")])
    pickle = b"\x80\x02" + opened * times + b")" + closed * times + b"."
    return good.with_pickle(pickle, zipfile.ZIP_DEFLATED)


@kind
def keys_that_take_for_ever(chance, good):
    key = chance.choice([doubled(60), b")" + b"\x85" * 300_000])
    use = chance.choice([b"%bK\1s", b"0", b"]%ba\x85"])
    if use == b"0":
        return good.with_pickle(b"\x80\x02" + called("torch.serialization._get_layout", key) + b".")
    return good.with_pickle(b"\x80\x02}" + use.replace(b"%b", key) + b".", zipfile.ZIP_DEFLATED)


@kind
def keys_of_one_hash(chance, good):
    numbers = b"".join(number(place * sys.hash_info.modulus) + b"N" for place in range(1, 60_000))
    return good.with_pickle(b"\x80\x02}(" + numbers + b"u.")


@kind
def names_that_take_for_ever(chance, good):
    return good.with_pickle(b"\x80\x04" + doubled(60) + text("a") + b"\x93.")


@kind
def lengths_that_lie(chance, good):
    length = chance.choice(HUGE)
    code, form = chance.choice([(b"X", "<I"), (b"B", "<I"), (b"\x8d", "<Q"), (b"\x8e", "<Q"), (b"\x8b", "<i"),
                                (b"\x95", "<Q"), (b"r", "<I"), (b"j", "<I")])  # fmt: skip
    count = struct.pack(form, length % 2 ** (8 * struct.calcsize(form) - (form == "<i")))
    return good.with_pickle(b"\x80\x02}q\0" + code + count + b"a" * 100 + b".")


@kind
def storages_that_lie(chance, good):
    count = chance.choice([number(one) for one in (*HUGE, -1, 1.5, 0)] + [text("4"), b")", b"N"])
    key = chance.choice([text("0"), text("../version"), text("none"), number(0), doubled(60)])
    storage = stored(key, count, chance.choice(["FloatStorage", "UntypedStorage", "QInt8Storage", "NoStorage"]))
    value = called("torch._utils._rebuild_tensor_v2", storage, number(0), numbers((1,)), numbers((1,)), b"\x89", b"}")
    return good.with_pickle(mapping({good.name: value}))


@kind
def a_storage_that_is_named_at_length(chance, good):
    """As often as there are steps, which would take an hour."""
    count, more = len(good.entries["archive/data/0"]) // 4, chance.choice([b"N", b"K\1"]) * 500_000
    named = stored(text("0"), number(count) + more).removesuffix(b"Q") + b"q\1"
    return good.with_pickle(b"\x80\x02" + named + b"h\1Q" * 1_000_000 + b".", zipfile.ZIP_DEFLATED)


@kind
def views_beyond_their_storage(chance, good):
    count = len(good.entries["archive/data/0"]) // 4
    size, stride, offset = chance.choice([
        ((count,), (2,), 0), ((count,), (1,), 1), ((count,), (1,), -1), ((count,), (-1,), count - 1), ((-1,), (1,), 0),
        ((2**62, 4), (1, 1), 0), ((2**40,), (0,), 0), ((2**20, 2**20), (0, 0), 0), ((8, 3, 3, 3), (1, 2**62, 1, 1), 0),
        ((1,) * 5000, (1,) * 5000, 0), ((2**33,), (1,), 0),
    ])  # fmt: skip
    return good.with_pickle(mapping({good.name: tensor(count, size, stride, offset)}))


@kind
def a_view_that_repeats_its_storage(chance, good):
    """Under the names of all that the model has, each as large as fits the others' sizes."""
    count = len(good.entries["archive/data/0"]) // 4
    side = chance.choice([2**24, 2**27, 2**33])
    return good.with_pickle(mapping({name: tensor(count, (side,), (0,)) for name in good.state}))


@kind
def references_to_itself(chance, good):
    loop = chance.choice([b"]q\0h\0a", b"}q\0" + text("a") + b"h\0s", b"]q\0h\0\x85a", b"}q\0(" + text("a") + b"h\0u"])
    return good.with_pickle(b"\x80\x02" + loop + b".")


@kind
def operations_in_disorder(chance, good):
    codes = b"()]}atsuebRQ\x81\x85\x86\x87\x93h\0q\0.NKJX\x94\x8a"
    return good.with_pickle(b"\x80\x02" + bytes(chance.choice(codes) for _ in range(chance.choice([0, 3, 30, 300]))))


@kind
def millions_of_objects(chance, good):
    piece, times = chance.choice([(b"}", 200_000), (b"]", 200_000), (b"(", 200_000), (b"N", 4_100_000),
                                  (called("collections.OrderedDict"), 100_000)])  # fmt: skip
    pickle = b"\x80\x02](" + piece * times + b"e."
    return good.with_pickle(pickle, zipfile.ZIP_DEFLATED)


@kind
def amplifiers(chance, good):
    """What PyTorch would call, and what grows with each call."""
    grown = called("_codecs.encode", text("a" * 16), text("latin1")) + b"q\5"
    hexed = b"c_codecs\nencode\n(h\5" + text("hex") + b"tRq\5"
    many = b"(" + b"N" * 100_000 + b"tq\1"
    value = chance.choice([
        grown + hexed * 40,
        called("builtins.set", called("builtins.bytearray", number(2**33))),
        called("collections.Counter", called("builtins.bytearray", number(2**33))),
        called("torch.FloatTensor", number(2**33)),
        many + b"ctorch\nSize\nq\2" + b"h\2h\1\x85R" * 300_000,
        many + b"ccollections\nOrderedDict\nq\2" + b"h\2h\1R" * 300_000,
        b"](" + b"K\1K\1\x86" * 100_000 + b"eq\1ccollections\nOrderedDict\nq\2" + b"h\2h\1\x85R" * 300_000,
    ])  # fmt: skip
    return good.with_pickle(b"\x80\x02" + value + b".", zipfile.ZIP_DEFLATED)


@kind
def attributes_of_tensors(chance, good):
    """In whose place a method would be looked for."""
    made = []
    for index, name in enumerate(good.state):
        shape = tuple(good.state[name].shape)
        stride, count = torch.empty(shape, device="meta").stride(), good.state[name].numel()
        kind = "LongStorage" if good.state[name].dtype == torch.int64 else "FloatStorage"
        values = tensor(count, shape, stride, key=str(index)).replace(b"FloatStorage", kind.encode())
        state = b"}" + text(chance.choice(["float", "numel", "ndim", "shape"])) + b"K\3s"
        made.append(called("torch._utils._rebuild_parameter_with_state", values, b"\x89", b"}", state))
    return good.with_pickle(mapping(dict(zip(good.state, made, strict=True))))


@kind
def names_of_tensors(chance, good):
    one = tensor(len(good.entries["archive/data/0"]) // 4, (1,), (1,))
    names = chance.choice([["\x1b]0;title\7\x1b[2J", "a\nvitexport: all is well", "\u202e", ""],
                           [b"\xff\xfe", b"\xed\xa0\x80"], ["a" * 2**16], ["a" * 2**21],
                           [f"{good.name}[{number}]" for number in range(3000)]])  # fmt: skip
    return good.with_pickle(mapping(dict.fromkeys(names, one)))


@kind
def a_hundred_thousand_names(chance, good):
    names = [f"{chance.choice(['stages', 'a.b'])}.{number % 97}.{number}.weight" for number in range(100_000)]
    if chance.random() < 0.5:
        return save({**good.state, **dict.fromkeys(names[:20_000], torch.zeros(0))})
    return good.with_pickle(mapping(dict.fromkeys(names, b"N") | {good.name: tensor(1, (1,), (1,))}))


@kind
def wrong_shapes(chance, good):
    change = chance.choice([lambda v: v.flatten(), lambda v: v[None], lambda v: v.new_zeros(()), lambda v: v[:0],
                            lambda v: v.long(), lambda v: v.expand(2, *v.shape)])  # fmt: skip
    changed = {name: change(value) if value.ndim else value[None] for name, value in good.state.items()}
    content = BytesIO()
    torch.save(changed, content, _use_new_zipfile_serialization=chance.random() < 0.5)
    return content.getvalue()


@kind
def pickles_in_a_row_that_lie(chance, good):
    begin = good.row[: good.row.index(b"\x80\x02}", 20)]
    begin = begin + good.row[len(begin) : good.row.index(b".", len(begin)) + 1]
    count = chance.choice([1, 2**20, 2**33, 2**62])
    view = chance.choice([b"N", b"(" + text("v") + number(-5) + number(count) + b"t"])
    storage = stored(text("7"), number(count) + view)
    value = called("torch._utils._rebuild_tensor_v2", storage, number(0), numbers((1,)), numbers((1,)), b"\x89", b"}")
    keys = chance.choice([b"]", b"]" + text("7") + b"a", b"]" + text("8") + b"a", b"]" + doubled(60) + b"a", b"N"])
    return begin + mapping({good.name: value}) + b"\x80\x02" + keys + b"." + struct.pack("<q", count) + bytes(400)


@kind
def headers_of_safetensors(chance, good):
    header, name = json.loads(json.dumps(good.header)), chance.choice([*good.state])
    entry = header[name]
    wrong = chance.choice([
        {"dtype": chance.choice(["F33", "I64", 7, None, "F4", "F8_E4M3"])},
        {"shape": chance.choice([[2**63], [2**32, 2**32, 2**32], [-1], [1.5], "a", None, [[1]]])},
        {"data_offsets": chance.choice([[0, 2**63], [4, 0], [-4, 4], [0, len(good.values)], [], [0, 4, 8]])},
    ])  # fmt: skip
    return good.with_header({**header, name: {**entry, **wrong}})


@kind
def texts_in_place_of_headers(chance, good):
    entry = json.dumps(good.header[good.name])
    return good.with_header(chance.choice([
        b"{" * 100_000, b'{"a":' * 100_000, b'{"__metadata__":' + b"[" * 10**6, b"{}", b'{"a":NaN}', b'{"a":1e999}',
        f'{{"{good.name}":{entry},"{good.name}":{entry}}}'.encode(), b"{\xff\xfe}", b'{"\\ud800":1}',
        b'{"a":' + b'{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":' * 110_000 + b"0}",
    ]))  # fmt: skip


@kind
def lengths_of_headers(chance, good):
    length = chance.choice([*HUGE, 0, 1, 7, len(good.safetensors), 33 * 2**20])
    return struct.pack("<Q", length) + good.safetensors[8:]


@kind
def holes(chance, good):
    """A file that takes no room on disk."""
    size = chance.choice([2**27, 3 * 2**30, 2**37])
    header = json.dumps({good.name: {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}).encode()
    begin = chance.choice([struct.pack("<Q", len(header)) + header, good.archive, good.row[:300], b"PK\3\4", b""])

    def write(path: Path) -> None:
        with path.open("wb") as file:
            file.write(begin)
            file.truncate(len(begin) + size)

    return write


@kind
def no_files(chance, good):
    def bound(path: Path) -> None:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(path))

    return chance.choice([
        os.mkfifo, bound, Path.mkdir, lambda path: path.symlink_to("/dev/zero"), lambda path: path.symlink_to(path),
        lambda path: path.symlink_to("/dev/random"), lambda path: path.symlink_to("nothing"), Path.touch,
    ])  # fmt: skip


def write_all(folder: Path, seed: int, count: int) -> None:
    """That many, of each kind in turn."""
    good = Good(good_state(reduced("mobilevit")))
    for index in range(count):
        make = KINDS[index % len(KINDS)]
        made, path = make(random.Random(f"{seed} {index}"), good), folder / f"{index:04}-{make.__name__}"
        path.write_bytes(made) if isinstance(made, bytes) else made(path)


def good_state(model: Classifier) -> State:
    """A checkpoint that differs from what the model holds in every entry."""
    return {key: value + 1 for key, value in model.state_dict().items()}


def load_all(folder: Path) -> Iterator[dict]:
    """What came of each file: what was said, what is wrong with that, seconds, and megabytes at most by then."""
    warnings.simplefilter("ignore")
    model = reduced("mobilevit")
    good, before, least = good_state(model), kept(model), peak_megabytes()
    for path in sorted(folder.iterdir()):
        said, fault, begin = None, None, time.perf_counter()
        try:
            load_weights(model, path)
            fault = None if holds(model, good) else "other weights were loaded"
            model.load_state_dict(before)
        except VitexportError as error:
            said, fault = str(error), None if holds(model, before) else "the model was changed"
        except Exception:
            fault = traceback.format_exc()
        seconds = time.perf_counter() - begin
        yield {"name": path.name, "said": said, "fault": fault, "seconds": seconds,
               "megabytes": peak_megabytes() - least}  # fmt: skip


if __name__ == "__main__":
    for outcome in load_all(Path(sys.argv[1])):
        print(json.dumps(outcome), flush=True)
