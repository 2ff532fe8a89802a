"""What is served: the app, bundles and packs, each file under an address of its own."""

import json

import pytest

from exporter.errors import VitexportError
from exporter.serve.offered import OfferedPack
from exporter.serve.site import site_of


def test_an_app_that_was_not_built_is_one_sentence_that_says_what_builds_it(tmp_path):
    with pytest.raises(VitexportError, match=r"is not built, .*: run `make app` in vitexport's folder\.$"):
        site_of((), (), app=tmp_path)


def test_every_file_of_the_app_is_served_under_its_own_path(app):
    site = site_of((), (), app)
    built = {f"/{path.relative_to(app).as_posix()}" for path in app.rglob("*") if path.is_file()}
    assert set(site.files) == {"/", *built}
    assert site.files["/"].path == app / "index.html"


def test_a_pack_has_an_address_that_the_list_names(app, tmp_path):
    site = site_of((), [OfferedPack("my kernels.zip", tmp_path / "my kernels.zip")], app)
    assert site.files["/packs/my kernels.zip"].media_type == "application/zip"
    assert json.loads(site.listing)["packs"] == [{"name": "my kernels.zip", "url": "packs/my%20kernels.zip"}]
