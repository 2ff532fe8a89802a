"""A browser as a device: apart from the device that it is on."""

import pytest

import device_profiles
from device_profiles.browser import RUNS, browser_id, meant, split_name
from device_profiles.facts import described


@pytest.mark.parametrize(
    ("name", "id", "called"),
    [
        ("browser", "browser", "A browser"),
        ("chrome_on_pixel8", "chrome_on_pixel8", "Chrome on Google Pixel 8"),
        ("Chrome on Google Pixel 8", "chrome_on_pixel8", "Chrome on Google Pixel 8"),
        ("Chrome on Galaxy S24 (5G)", "chrome_on_galaxy_s24_5g", "Chrome on galaxy s24 5g"),
        ("samsung-internet on galaxy s24", "samsung_internet_on_galaxy_s24", "Samsung Internet on Samsung Galaxy S24"),
        ("chromium_on_linux_computer", "chromium_on_linux_computer", "Chromium on linux computer"),
        ("netscape_on_pixel8", "netscape_on_pixel8", "Netscape on Google Pixel 8"),
    ],
)
def test_it_is_found_by_its_name_and_its_devices(name: str, id: str, called: str) -> None:
    device = device_profiles.load(name)
    assert (device.id, device.name, device.platform) == (id, called, "browser")


def test_no_fact_of_the_hardware_is_stated_though_its_device_has_a_profile() -> None:
    device = device_profiles.load("chrome_on_pixel8")
    assert {fact for fact, _, _ in described(device)} == {"instruction set", "operating system"}
    assert device.prefer.formats == tuple(RUNS)
    assert all(device.prefer.compute_unit in units for units in RUNS.values())


def test_it_is_not_among_the_devices_that_have_files() -> None:
    assert not any("browser" in name for name in device_profiles.names())


@pytest.mark.parametrize("name", ["pixel8", "chrome on", "netscape", "chrome pixel8", "chrome_on_chrome_on_pixel8"])
def test_other_names_are_no_browsers(name: str) -> None:
    assert split_name(name) is None


@pytest.mark.parametrize(
    ("browser", "id"),
    [
        ("Chrome 140", "chrome_on_pixel8"),
        ("Chrome Mobile 140", "chrome_on_pixel8"),
        ("Chromium 156", "chromium_on_pixel8"),
        ("Samsung Internet 28", "samsung_internet_on_pixel8"),
        ("Brave 1.70", "brave_on_pixel8"),
        ("Netscape 4", "netscape_on_pixel8"),
        ("Operator/7.1 (beta)", "operator_on_pixel8"),
        ("360 Browser 14", "360_browser_on_pixel8"),
        ("Browser", "browser_on_pixel8"),
    ],
)
def test_results_are_stored_under_the_browser_whatever_its_version(browser: str, id: str) -> None:
    assert browser_id(browser, "pixel8") == id
    assert device_profiles.load(id).id == id


@pytest.mark.parametrize(
    ("id", "other"),
    [
        ("chrome_on_pixle8", "chrome_on_pixel8"),
        ("crome_on_pixel8", "chrome_on_pixel8"),
        ("chrome_on_pixel8", None),
        ("chromium_on_test_bench", None),
        ("netscape_on_pixel8", None),
        ("browser", None),
    ],
)
def test_of_a_name_that_is_nearly_another_the_other_may_be_meant(id: str, other: str | None) -> None:
    assert meant(id) == other
