"""How a device is found by name."""

import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest

import device_profiles
from device_profiles.schema import Device

IDS = sorted(path.stem for path in (Path(device_profiles.__file__).parent / "data").glob("*.toml"))


def test_every_file_is_a_device() -> None:
    assert sorted(device_profiles.names()) == IDS


def test_names_are_in_natural_order() -> None:
    some = ["galaxy_a03s", "galaxy_a54", "galaxy_s10", "galaxy_s22", "galaxy_s22_exynos", "iphone7", "iphone15"]
    some += [
        "iphone15_pro",
        "iphone15_pro_max",
        "iphone16_pro",
        "iphone16e",
        "iphone_xs",
        "pixel1",
        "pixel9",
        "pixel10",
    ]
    assert [name for name in device_profiles.names() if name in some] == some


def test_the_devices_of_a_vendor_stand_together() -> None:
    vendors = [device.vendor for device in device_profiles.all_devices()]
    assert len(list(groupby(vendors))) == len(set(vendors))


@pytest.mark.parametrize("device_id", IDS)
def test_every_id_loads(device_id: str) -> None:
    device = device_profiles.load(device_id)
    assert isinstance(device, Device)
    assert device.id == device_id


def test_all_devices_are_those_of_names_without_the_host() -> None:
    assert [device.id for device in device_profiles.all_devices()] == device_profiles.names()


@pytest.mark.parametrize(
    ("name", "device_id"),
    [
        ("iPhone 15 Pro Max", "iphone15_pro_max"),
        ("IPHONE15PROMAX", "iphone15_pro_max"),
        ("iphone-15_pro", "iphone15_pro"),
        ("Apple iPhone 15", "iphone15"),
        ("google pixel 8", "pixel8"),
        ("Pixel-10", "pixel10"),
        ("Samsung Galaxy S24", "galaxy_s24"),
        ("galaxys24", "galaxy_s24"),
        (" raspberry pi 5 ", "raspberry_pi5"),
        ("samsung galaxy s22 exynos", "galaxy_s22_exynos"),
    ],
)
def test_case_spaces_hyphens_and_underscores_are_ignored(name: str, device_id: str) -> None:
    assert device_profiles.load(name).id == device_id


@pytest.mark.parametrize(
    ("name", "device_id"),
    [
        ("Apple iPhone XS", "iphone_xs"),
        ("Apple iPhone SE 3", "iphone_se3"),
        ("iPhone SE (2022)", "iphone_se3"),
        ("Google Pixel 1", "pixel1"),
        ("Google Pixel 4", "pixel4"),
        ("Motorola One Fusion", "motorola_one_fusion"),
        ("OnePlus 12", "oneplus12"),
        ("Samsung Galaxy A03s", "galaxy_a03s"),
        ("Samsung Galaxy Note10", "galaxy_note10"),
        ("Samsung Galaxy S22 5G", "galaxy_s22"),
        ("Samsung Galaxy S22 (Exynos 2200)", "galaxy_s22_exynos"),
        ("Xiaomi Mi 8 SE", "mi8_se"),
        ("Mi 8 SE", "mi8_se"),
        ("iPhone16,1", "iphone15_pro"),
        ("SM-S911B", "galaxy_s23"),
    ],
)
def test_a_name_that_results_are_published_under_loads(name: str, device_id: str) -> None:
    assert device_profiles.load(name).id == device_id


@pytest.mark.parametrize("device_id", IDS)
def test_every_name_of_a_device_is_its_own(device_id: str) -> None:
    device = device_profiles.load(device_id)
    for name in (device.id, device.name, *device.aliases, *device.hardware):
        assert device_profiles.load(name) == device
        assert device_profiles.load(f"{device.vendor} {name}") == device


@pytest.mark.parametrize("name", ["Galaxy S21 Ultra 5G", "Galaxy S10 5G", "iPhone 12 mini", "Pixel 8 Pro", "Pixel"])
def test_a_name_that_means_another_device_is_not_taken_for_one_of_ours(name: str) -> None:
    with pytest.raises(device_profiles.UnknownDevice):
        device_profiles.load(name)


@pytest.mark.parametrize(
    ("name", "closest"),
    [
        ("iphone15_por", "iphone15_pro"),
        ("Galaxy A55", "galaxy_a54"),
        ("Google Pixel 8a", "pixel8"),
        ("hots", "host"),
    ],
)
def test_an_unknown_name_is_answered_with_the_three_closest(name: str, closest: str) -> None:
    with pytest.raises(device_profiles.UnknownDevice) as caught:
        device_profiles.load(name)
    message = str(caught.value)
    suggested = message.partition("the closest are ")[2].partition(", and `vitexport devices` lists them all")[0]
    suggestions = suggested.replace(" and ", ", ").split(", ")
    assert message.startswith(f"there is no device '{name}': ")
    assert len(set(suggestions)) == 3
    assert set(suggestions) <= {*IDS, "host"}
    assert suggestions[0] == closest


def test_an_unknown_device_is_a_lookup_error() -> None:
    with pytest.raises(LookupError):
        device_profiles.load("")


def test_importing_the_package_and_listing_names_imports_nothing_heavy() -> None:
    program = "import sys, device_profiles; device_profiles.names(); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {module.partition(".")[0] for module in run.stdout.split()}
    assert "device_profiles" in loaded
    assert not loaded & {"torch", "numpy", "pydantic", "exporter", "latency_db"}


def test_reading_profiles_imports_neither_torch_nor_the_exporter() -> None:
    program = "import sys, device_profiles as d; d.all_devices(); d.load('host'); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {module.partition(".")[0] for module in run.stdout.split()}
    assert "pydantic" in loaded
    assert not loaded & {"torch", "numpy", "exporter", "latency_db"}
