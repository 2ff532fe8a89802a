"""The report in a real browser: its own security policy must not stand in its way."""

import subprocess

from tests.browsers import OFFLINE
from tests.system_programs import require


def test_the_report_renders_and_nothing_in_it_is_blocked(bundles, tmp_path):
    page = bundles["mobilevit"].path / "report.html"
    shot = tmp_path / "report.png"
    command = [
        require("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", *OFFLINE,
        f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1000,2000", f"--screenshot={shot}", page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert "CONSOLE" not in done.stderr  # what the page's policy refuses is reported there
    assert shot.stat().st_size > 50_000  # pictures, plots and tables; a blank page is a tenth of that
