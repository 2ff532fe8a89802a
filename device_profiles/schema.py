"""What a device profile says, and the rule that each of its facts names its source.

A fact that nobody stated is None; none is guessed.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from device_profiles.vocabulary import ComputeUnit, Precision

Platform = Literal["ios", "android", "linux", "host", "browser"]
Format = Literal["coreml", "coreai", "executorch", "tflite", "onnx"]

Text = Annotated[str, Field(min_length=1)]
Positive = Annotated[float, Field(gt=0)]

# The word in a source that marks a fact, or the part of it that is named there, as not looked up.
FROM_MEMORY = "from_memory"


class Part(BaseModel):
    """Base of every part of a profile: cannot be changed once read, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cluster(Part):
    """CPU cores of one kind."""

    tier: Literal["big", "mid", "little"]
    """Rank among this device's own clusters."""
    count: Annotated[int, Field(gt=0)]
    core: Text | None = None
    """The core's name, such as "Cortex-X1"."""
    ghz: Positive | None = None
    """Highest stated clock, GHz."""
    note: Text | None = None
    """How the clock was stated, where it was not one plain figure for this cluster."""


class Isa(Part):
    """Instruction set of the CPU, as far as it decides the speed of matrix arithmetic."""

    architecture: Text | None = None
    """Such as "ARMv9.2"; "ARMv8.7-class" where no version is stated by the vendor, nor by LLVM."""
    features: tuple[str, ...] = ()
    """Extensions that an app can use, such as "fp16", "dotprod", "i8mm", "bf16", "sve2", "sme"; what one of them
    implies is not repeated."""
    note: Text | None = None
    """What is known to be absent, hidden from apps, vendor-specific or unverified."""


class Npu(Part):
    """Neural accelerator."""

    name: Text
    """"none" where the device is known to have none."""
    tops: Positive | None = None
    """10¹² operations per second, as claimed by the vendor, who chooses the precision counted."""
    note: Text | None = None


class Memory(Part):
    """Main memory."""

    gb: Text
    """Size, GB of 2³⁰ bytes, as text because some devices are sold with several ("4, 8 or 16")."""
    type: Text | None = None
    """Such as "LPDDR5X"."""
    bandwidth_gbs: Positive | None = None
    """Peak, GB of 10⁹ bytes per second."""


class OperatingSystem(Part):
    """Oldest and newest system that the device runs; the host states only the one it runs now."""

    launch: Annotated[str, Field(pattern=r"^\w+ \d+")]
    """Name and version at launch, such as "iOS 17"."""
    max: Annotated[str, Field(pattern=r"^\w+ \d+")] | None = None
    """Name and version of the newest that the vendor supports."""

    @property
    def launch_major(self) -> int:
        """Major version at launch: 17 for "iOS 17"."""
        return _major(self.launch)

    @property
    def max_major(self) -> int | None:
        """Major version of the newest system, where that is known."""
        return None if self.max is None else _major(self.max)


def _major(system: str) -> int:
    return int(re.split(r"\D+", system.partition(" ")[2])[0])


class Preference(Part):
    """What an export for the device does where its user names no choice."""

    formats: Annotated[tuple[Format, ...], Field(min_length=1)]
    """Formats to write, best first."""
    precision: Precision
    """Precision of the first format."""
    compute_unit: ComputeUnit
    """Processor that the first format is meant for."""
    reason: Text
    """One line for the user."""


class Sources(Part):
    """Where each fact was read. Text with `FROM_MEMORY` in it: the fact, or the part named there, was not looked up."""

    hardware: Text | None = None
    year: Text | None = None
    soc: Text | None = None
    cpu: Text | None = None
    """How many cores of each tier."""
    cpu_cores: Text | None = None
    """The names of the cores."""
    cpu_clocks: Text | None = None
    isa: Text | None = None
    gpu: Text | None = None
    npu: Text | None = None
    npu_tops: Text | None = None
    memory: Text | None = None
    """The size."""
    memory_type: Text | None = None
    bandwidth: Text | None = None
    os_launch: Text | None = None
    os_max: Text | None = None


class Device(Part):
    """A device to export for. Raises pydantic's `ValidationError` where facts and sources do not match one to one."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    """The name of the profile's file."""
    name: Text
    aliases: tuple[Text, ...] = ()
    """Other names that results are published under, such as "Samsung Galaxy S22 5G"."""
    hardware: tuple[Text, ...] = ()
    """What its system calls it in software, such as "iPhone16,1" or "SM-S911B": an app knows no other name."""
    vendor: Text | None = None
    platform: Platform
    year: int | None = None
    """Year of launch."""
    soc: Text | None = None
    """System on a chip; the processor's model name on the host."""
    gpu: Text | None = None
    cpu: tuple[Cluster, ...]
    """Clusters, fastest first; none of a browser, which does not tell."""
    isa: Isa
    npu: Npu | None = None
    memory: Memory | None = None
    os: OperatingSystem
    prefer: Preference
    sources: Sources

    @property
    def facts(self) -> dict[str, object]:
        """The stated facts, under the names that `sources` uses."""
        facts: dict[str, object] = {
            "hardware": self.hardware or None,
            "year": self.year,
            "soc": self.soc,
            "cpu": [cluster.count for cluster in self.cpu] or None,
            "cpu_cores": [cluster.core for cluster in self.cpu if cluster.core] or None,
            "cpu_clocks": [cluster.ghz for cluster in self.cpu if cluster.ghz] or None,
            "isa": self.isa,
            "gpu": self.gpu,
            "npu": self.npu and self.npu.name,
            "npu_tops": self.npu and self.npu.tops,
            "memory": self.memory and self.memory.gb,
            "memory_type": self.memory and self.memory.type,
            "bandwidth": self.memory and self.memory.bandwidth_gbs,
            "os_launch": self.os.launch,
            "os_max": self.os.max,
        }
        return {fact: value for fact, value in facts.items() if value is not None}

    @property
    def from_memory(self) -> list[str]:
        """The facts that were, at least in part, not looked up: to be marked where they are shown."""
        return [fact for fact in self.facts if FROM_MEMORY in getattr(self.sources, fact)]

    @model_validator(mode="after")
    def _has_cores(self) -> Self:
        if not self.cpu and self.platform != "browser":
            raise ValueError(f"{self.id}: cpu has no cluster: state one at the least")
        return self

    @model_validator(mode="after")
    def _every_fact_has_a_source(self) -> Self:
        sourced = self.sources.model_dump(exclude_none=True)
        if unsourced := [fact for fact in self.facts if fact not in sourced]:
            raise ValueError(f"{self.id}: [sources] does not say where these were read: {', '.join(unsourced)}")
        if unstated := [fact for fact in sourced if fact not in self.facts]:
            raise ValueError(f"{self.id}: [sources] names facts that the profile does not state: {', '.join(unstated)}")
        return self
