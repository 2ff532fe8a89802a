"""The machine at hand as a device."""

import os
import platform

import pytest

import device_profiles
from device_profiles.host import chip_name, cores, features

RASPBERRY_PI = """\
processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp
CPU implementer\t: 0x41
CPU part\t: 0xd0b
"""

PC = """\
processor\t: 1
model name\t: AMD Ryzen 7 7840U w/ Radeon 780M Graphics
flags\t\t: fpu sse4_2 fma avx f16c avx2 avx512f avx512_vnni avx512_bf16
"""

MAC = """\
machdep.cpu.brand_string: Apple M4
hw.optional.arm.FEAT_FP16: 1
hw.optional.arm.FEAT_DotProd: 1
hw.optional.arm.FEAT_I8MM: 1
hw.optional.arm.FEAT_BF16: 1
hw.optional.arm.FEAT_SME: 1
hw.optional.arm.FEAT_SME2: 0
"""


def test_the_host_is_this_machine() -> None:
    host = device_profiles.load("host")
    assert (host.id, host.platform) == ("host", "host")
    assert sum(cluster.count for cluster in host.cpu) == os.cpu_count()
    assert host.isa.architecture == platform.machine()
    assert host.os.launch.startswith(platform.system())


def test_the_host_has_its_memory_in_gb() -> None:
    memory = device_profiles.load("host").memory
    assert memory is not None
    assert float(memory.gb) == pytest.approx(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, abs=0.05)


def test_the_host_prefers_every_runtime_of_a_computer_in_fp32() -> None:
    prefer = device_profiles.load("HOST").prefer
    assert (prefer.formats, prefer.precision) == (("executorch", "tflite", "onnx"), "fp32")


def test_every_fact_about_the_host_was_read_from_it() -> None:
    host = device_profiles.load("host")
    assert set(host.sources.model_dump(exclude_none=True).values()) == {"read from this machine"}
    assert host.from_memory == []


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        (RASPBERRY_PI, ("fp16", "dotprod")),
        (PC, ("avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx512_bf16")),
        (MAC, ("fp16", "dotprod", "i8mm", "bf16", "sme")),
        ("", ()),
    ],
    ids=["arm64 Linux", "x86-64 Linux", "macOS", "unknown system"],
)
def test_extensions_are_named_alike_on_every_system(description: str, expected: tuple[str, ...]) -> None:
    assert features(description) == expected


@pytest.mark.parametrize(
    ("description", "expected"),
    [(RASPBERRY_PI, None), (PC, "AMD Ryzen 7 7840U w/ Radeon 780M Graphics"), (MAC, "Apple M4")],
    ids=["arm64 Linux", "x86-64 Linux", "macOS"],
)
def test_the_processor_has_the_name_that_the_system_gives(description: str, expected: str | None) -> None:
    assert chip_name(description) == expected


def test_the_cores_are_those_that_this_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3}, raising=False)
    assert cores() == 1


def test_where_the_system_does_not_say_all_are_counted(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert cores() == os.cpu_count()
