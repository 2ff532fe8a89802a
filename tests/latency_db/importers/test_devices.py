"""Devices of files are known by ids, whatever they are called there."""

import pytest

import device_profiles
from latency_db.importers.devices import device


@pytest.mark.parametrize(
    ("name", "browser", "id"),
    [
        ("Google Pixel 8", "", "pixel8"),
        ("Foo _Bar", "", "foo_bar"),
        ("Foo _Bar (2022)", "Chrome 140", "chrome_on_foo_bar_2022"),
        ("Test bench", "Chromium 140", "chromium_on_test_bench"),
        ("Linux on ARM", "Firefox 143", "firefox_on_linux_on_arm"),
        ("Pixel 8", "Netscape 4", "netscape_on_pixel8"),
    ],
)
def test_an_id_is_made_of_any_name_and_of_a_browser_there_is_a_target(name, browser, id):
    assert device(name, browser=browser).id == id
    assert not browser or device_profiles.load(id).id == id


@pytest.mark.parametrize(
    ("name", "browser", "complaint"),
    [
        ("手机", "", "'手机' has no letter from a to z and no digit to know a device by: write its name in such"),
        ("手机", "Chrome 140", "'手机' has no letter"),
        ("Pixel 8", "浏览器 3", "'浏览器 3' has no letter from a to z to know a browser by"),
        ("Chrome on Pixel 8", "Chrome 140", "'chrome_on_pixel8' is a browser already: name the device that it is on"),
    ],
)
def test_a_name_of_which_no_id_can_be_made_is_refused(name, browser, complaint):
    with pytest.raises(ValueError, match=complaint):
        device(name, browser=browser)
