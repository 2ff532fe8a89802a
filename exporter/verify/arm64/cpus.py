"""The cores that artefacts are run as, and how an emulated one describes itself."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

HWCAP = (
    "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt fcma lrcpc "
    "dcpop sha3 sm3 sm4 asimddp sha512 sve asimdfhm dit uscat ilrcpc flagm ssbs sb paca pacg"
)
HWCAP2 = (
    "dcpodp sve2 sveaes svepmull svebitperm svesha3 svesm4 flagm2 frint svei8mm svef32mm svef64mm "
    "svebf16 i8mm bf16 dgh rng bti mte ecv afp rpres mte3 sme"
)
"""Features in the order of their bits, in the words of /proc/cpuinfo (Linux, arch/arm64/elf_hwcaps.rst)."""


@dataclass(frozen=True)
class CpuModel:
    """A core to emulate: what runtimes choose their kernels by."""

    name: str
    qemu: str
    """What `qemu-aarch64-static -cpu` takes."""
    part: int
    """Arm's number of the design, by which runtimes tell cores apart."""
    has: frozenset[str]
    lacks: frozenset[str]
    """Features with and without which this is another core, so other kernels."""


CPU_MODELS = (
    CpuModel(
        name="cortex-a76",
        qemu="cortex-a76",
        part=0xD0B,
        has=frozenset({"asimd", "asimdhp", "asimddp"}),
        lacks=frozenset({"i8mm", "sve", "sme"}),
    ),
    # Debian 12's emulator knows no later phone core by name; its "max" has everything. Phone makers' kernels tend to
    # hide SVE, so what a phone shows of a Cortex-A710, the first with i8mm, is this.
    CpuModel(
        name="i8mm",
        qemu="max,sve=off,sme=off",
        part=0xD47,
        has=frozenset({"asimd", "asimdhp", "asimddp", "i8mm"}),
        lacks=frozenset({"sve", "sme"}),
    ),
)


def features(hwcap: int, hwcap2: int) -> frozenset[str]:
    """The names of the bits that are set in the two words which the kernel gives a process."""
    words = ((hwcap, HWCAP), (hwcap2, HWCAP2))
    return frozenset(name for word, names in words for bit, name in enumerate(names.split()) if word >> bit & 1)


def cpuinfo(cpu: CpuModel, features: Collection[str], cores: int) -> str:
    """/proc/cpuinfo as arm64's Linux writes it: runtimes look up features and the core's design there."""
    ordered = " ".join(name for name in f"{HWCAP} {HWCAP2}".split() if name in features)
    return "".join(
        f"processor\t: {core}\nBogoMIPS\t: 50.00\nFeatures\t: {ordered}\nCPU implementer\t: 0x41\n"
        f"CPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: 0x{cpu.part:x}\nCPU revision\t: 0\n\n"
        for core in range(cores)
    )
