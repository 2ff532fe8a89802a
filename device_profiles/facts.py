"""A device's facts in words: for terminals, reports and pages alike."""

from __future__ import annotations

from device_profiles.schema import Device

_FACTS = {
    "hardware": ("name in software", "{}"),
    "year": ("year of launch", "{}"),
    "soc": ("system on a chip", "{}"),
    "cpu": ("CPU cores", "{}"),
    "cpu_cores": ("core names", "{}"),
    "cpu_clocks": ("highest clocks", "{}"),
    "isa": ("instruction set", "{}"),
    "gpu": ("GPU", "{}"),
    "npu": ("neural accelerator", "{}"),
    "npu_tops": ("its claimed speed", "{:g} TOPS"),
    "memory": ("memory", "{} GB"),
    "memory_type": ("memory type", "{}"),
    "bandwidth": ("memory bandwidth", "{:g} GB/s"),
    "os_launch": ("operating system", "{}"),
    "os_max": ("newest supported", "{}"),
}
"""Fact -> (what to call it, its value with the unit)."""


def described(device: Device) -> list[tuple[str, str, str]]:
    """(fact, value with its unit, source) for each fact that the profile states."""
    composed = {
        "hardware": " or ".join(device.hardware),
        "cpu": " + ".join(f"{cluster.count} {cluster.tier}" for cluster in device.cpu),
        "cpu_cores": ", ".join(f"{cluster.count} × {cluster.core}" for cluster in device.cpu if cluster.core),
        "cpu_clocks": ", ".join(
            f"{cluster.core or cluster.tier} {cluster.ghz:g} GHz{_note(cluster.note)}"
            for cluster in device.cpu
            if cluster.ghz
        ),
        "isa": " ".join([device.isa.architecture or "", *device.isa.features]).strip() + _note(device.isa.note),
        "npu": device.npu and device.npu.name + _note(device.npu.note),
        "os_launch": device.os.launch + ("" if device.platform == "host" else " at launch"),
    }
    facts = []
    for fact, value in device.facts.items():
        label, text = _FACTS[fact]
        facts.append((label, text.format(composed.get(fact, value)), getattr(device.sources, fact)))
    return facts


def _note(text: str | None) -> str:
    return f" ({text})" if text else ""
