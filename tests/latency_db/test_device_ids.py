"""Names of devices in published files lead to profiles."""

import pytest

import device_profiles
from latency_db.device_ids import device_id


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Google Pixel 8", "pixel8"),
        ("Pixel 8", "pixel8"),
        ("Samsung Galaxy S24 Ultra", "galaxy_s24_ultra"),
        ("Samsung Galaxy A54", "galaxy_a54"),
        ("Samsung Galaxy S22 5G", "galaxy_s22"),
        ("Apple iPhone Air", "iphone_air"),
        ("iPhone SE (2022)", "iphone_se3"),
        ("iPhone SE 3", "iphone_se3"),
    ],
)
def test_a_published_name_is_that_of_a_profile(name, expected):
    assert device_id(name) == expected


def test_every_profile_is_found_by_its_name_with_and_without_vendor():
    for device in device_profiles.all_devices():
        assert {device_id(device.name), device_id(f"{device.vendor} {device.name}"), device_id(device.id)} == {
            device.id
        }


def test_a_sister_of_an_iphone_has_an_id_without_a_profile():
    assert device_id("Apple iPhone 13 mini") == "iphone13_mini"


def test_what_no_profile_has_keeps_its_name():
    assert device_id("Dragonwing Q-8750") == "Dragonwing Q-8750"
