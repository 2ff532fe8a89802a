"""Describes the machine at hand, so that it can be a target like any other.

Reads what the system tells about itself (Linux `/proc`, macOS `sysctl`); writes nothing.
"""

import os
import platform
import re
import subprocess
from pathlib import Path

from device_profiles.schema import Cluster, Device, Isa, Memory, OperatingSystem, Preference, Sources

SOURCE = "read from this machine"

# What the system calls an extension -> what the profiles call it, for those that speed up matrix arithmetic.
# Linux: arch/arm64/kernel/cpuinfo.c (hwcap_str) and arch/x86/include/asm/cpufeatures.h.
# macOS: developer.apple.com, "Determining Instruction Set Characteristics".
FEATURES = {
    "asimdhp": "fp16",
    "asimddp": "dotprod",
    "i8mm": "i8mm",
    "bf16": "bf16",
    "sve": "sve",
    "sve2": "sve2",
    "sme": "sme",
    "sme2": "sme2",
    "hw.optional.arm.FEAT_FP16": "fp16",
    "hw.optional.arm.FEAT_DotProd": "dotprod",
    "hw.optional.arm.FEAT_I8MM": "i8mm",
    "hw.optional.arm.FEAT_BF16": "bf16",
    "hw.optional.arm.FEAT_SME": "sme",
    "hw.optional.arm.FEAT_SME2": "sme2",
    "avx2": "avx2",
    "fma": "fma",
    "f16c": "f16c",
    "avx_vnni": "avx_vnni",
    "avx512f": "avx512f",
    "avx512_vnni": "avx512_vnni",
    "avx512_bf16": "avx512_bf16",
    "avx512_fp16": "avx512_fp16",
    "amx_int8": "amx_int8",
    "amx_bf16": "amx_bf16",
}


def cores() -> int:
    """Count those that the system lets this process run on; all that there are where it does not say, as on macOS."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_host() -> Device:
    """The machine at hand as a device: processor, logical cores, extensions, memory and system."""
    description = _cpu_description()
    chip = chip_name(description) or _board_name() or platform.processor() or None
    memory = _memory()
    version = platform.release().partition("-")[0]  # what follows names the build: "6.8.0-1015-aws"
    return Device(
        id="host",
        name="This machine",
        platform="host",
        soc=chip,
        cpu=(Cluster(tier="big", count=os.cpu_count() or 1),),
        isa=Isa(architecture=platform.machine() or None, features=features(description)),
        memory=memory,
        os=OperatingSystem(launch=f"{platform.system()} {version}"),
        prefer=Preference(
            formats=("executorch", "tflite", "onnx"),
            precision="fp32",
            compute_unit="cpu",
            reason="Every runtime that a computer has, in fp32 so that each can be held against PyTorch.",
        ),
        sources=Sources(
            soc=SOURCE if chip else None, cpu=SOURCE, isa=SOURCE, memory=SOURCE if memory else None, os_launch=SOURCE
        ),
    )


def chip_name(description: str) -> str | None:
    """The processor's model name in the text of `/proc/cpuinfo` or `sysctl`; arm64 Linux does not give one."""
    found = re.search(r"^(?:model name|machdep\.cpu\.brand_string)\s*:\s*(\S.*)$", description, re.MULTILINE)
    return found and found[1].strip()


def features(description: str) -> tuple[str, ...]:
    """The extensions of `FEATURES` that the text of `/proc/cpuinfo` or `sysctl` lists, in the table's order."""
    listed = set()
    for line in description.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):  # x86-64 and arm64 Linux: all on one line
            listed.update(value.split())
        elif value.strip() == "1":  # macOS: one line each
            listed.add(key.strip())
    return tuple(dict.fromkeys(name for flag, name in FEATURES.items() if flag in listed))


def _cpu_description() -> str:
    """The text in which the system describes its processor, empty where it has none."""
    if platform.system() == "Darwin":
        command = ["sysctl", "machdep.cpu.brand_string", "hw.optional"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    cpuinfo = Path("/proc/cpuinfo")
    return cpuinfo.read_text() if cpuinfo.exists() else ""


def _board_name() -> str | None:
    """What arm64 Linux boards give in place of a processor's name: "Raspberry Pi 5 Model B Rev 1.0"."""
    model = Path("/proc/device-tree/model")
    return model.read_text().strip("\0\n ") or None if model.exists() else None


def _memory() -> Memory | None:
    if not hasattr(os, "sysconf"):  # Windows
        return None
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Memory(gb=f"{size / 2**30:.1f}")
