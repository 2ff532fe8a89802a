"""What is known about the devices that vitexport exports for.

Each device is one TOML file in `data/`, named by its id; `device_profiles.schema.Device` is what a file reads as.
Importing this package is cheap: the schema, and pydantic with it, is imported when the first profile is read.
"""

from device_profiles.catalogue import UnknownDevice, all_devices, load, names

__all__ = ["UnknownDevice", "all_devices", "load", "names"]
