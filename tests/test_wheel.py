"""What is published: a wheel has the app, and serves it without the tree that it was built from."""

import re
import shutil
import subprocess
import sys
import tomllib
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tests.web_app import serving

TREE = Path(__file__).parent.parent
PACKAGES = ("exporter", "device_profiles", "latency_db")


@pytest.fixture(scope="module")
def unpacked(app, tmp_path_factory):
    """A wheel as pip unpacks it, built in a copy of the tree, as building leaves files there."""
    copy, built = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    for name in PACKAGES:
        shutil.copytree(TREE / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(TREE / name, copy)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*pip, "--wheel-dir", built, copy], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(built / "unpacked")
    return built / "unpacked"


def test_the_readme_installs_it_by_its_name(unpacked):
    (wheel,) = unpacked.parent.glob("*.whl")
    assert f"pip install 'dist/{wheel.name}[all]'" in (TREE / "README.md").read_text()


def test_the_readme_says_what_each_extra_is_for():
    """Messages name them: pip install 'vitexport[store]'."""
    extras = tomllib.loads((TREE / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    table = (TREE / "README.md").read_text().partition("| extra |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.splitlines()[2:]))) == (
        set(extras) - {"all", "dev", "fitting"}
    )


def test_it_has_every_file_of_the_app(unpacked, app):
    files = [path.relative_to(app) for path in app.rglob("*") if path.is_file()]
    assert files
    for file in files:
        assert (unpacked / "exporter/serve/app" / file).read_bytes() == (app / file).read_bytes()


def test_it_has_every_file_of_the_services_page(unpacked):
    page = TREE / "latency_db/service/page"
    assert {file.name for file in (unpacked / "latency_db/service/page").iterdir()} == {
        file.name for file in page.iterdir()
    }


def test_it_serves_the_app(unpacked):
    own = unpacked / "exporter/serve/app"
    (own / "index.html").write_text("the wheel's own")
    asset = next((own / "assets").glob("*.js"))
    with serving(PYTHONPATH=str(unpacked), PYTHONSAFEPATH="1") as served:
        for path, expected in (("/", b"the wheel's own"), (f"/assets/{asset.name}", asset.read_bytes())):
            with urllib.request.urlopen(f"{served.urls[0]}{path}", timeout=10) as answer:
                assert answer.read() == expected
