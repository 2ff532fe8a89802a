"""Ids of device profiles for the names under which published tables have their devices."""

from __future__ import annotations

DEVICES = {
    "Google Pixel 4": "pixel4",
    "Google Pixel 10": "pixel10",
    "Motorola One Fusion": "motorola_one_fusion",
    "OnePlus 12": "oneplus12",
    "OnePlus 13": "oneplus13",
    "Samsung Galaxy A03s": "galaxy_a03s",
    "Samsung Galaxy S10": "galaxy_s10",
    "Samsung Galaxy S21": "galaxy_s21",
    "Samsung Galaxy S22 5G": "galaxy_s22",
    "Samsung Galaxy S23": "galaxy_s23",
    "Samsung Galaxy S24": "galaxy_s24",
    "Samsung Galaxy S25": "galaxy_s25",
    "Samsung Galaxy S26": "galaxy_s26",
    "Xiaomi Mi 8 SE": "mi8_se",
    "iPhone SE 3": "iphone_se3",
    "iPhone XS": "iphone_xs",
}
"""Names in full, numbered iPhones apart, whose ids follow from their names"""


def device_id(name: str) -> str:
    """The id of a device profile for a published name, or the name as it stands where no profile could be meant."""
    name = name.removeprefix("Apple ")
    if name in DEVICES:
        return DEVICES[name]
    if name.startswith("iPhone "):
        return "iphone" + name.removeprefix("iPhone ").lower().replace(" ", "_")
    return name
