"""What a server answers: nothing but the files of its table, and how it sends them."""

import gzip
import http.client
import json
import shutil

import pytest

from exporter.serve.policies import HEADERS
from exporter.serve.site import site_of
from tests.web_app import serving


@pytest.fixture(scope="module")
def bundle(tracker_bundle, tmp_path_factory):
    """A copy, to be changed."""
    return shutil.copytree(tracker_bundle.path, tmp_path_factory.mktemp("served") / "a tracker")


@pytest.fixture(scope="module")
def get(app, bundle):
    """Asks a running server, with a path just as it is written."""
    with serving("--bundle", bundle, "--allow-host", "tracker.example.org") as served:

        def ask(path, method="GET", **headers):
            connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            answer.content = answer.read()
            connection.close()
            return answer

        yield ask


BUNDLE = "/bundles/a%20tracker"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/index.html", 200),
        ("/bundles.json", 200),
        (f"{BUNDLE}/manifest.json", 200),
        (f"{BUNDLE}/report.html", 200),
        (f"{BUNDLE}/onnx/track_step.onnx", 200),
        (f"{BUNDLE}/", 404),
        ("/nothing", 404),
    ],
)
def test_every_answer_has_the_headers(get, path, status):
    answer = get(path)
    assert answer.status == status
    for name in HEADERS.keys() - {"Content-Security-Policy"}:
        assert answer.headers[name] == HEADERS[name]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_refused_methods_and_ranges_have_them_too(get):
    for answer in (get("/", "POST"), get(f"{BUNDLE}/manifest.json", Range="bytes=999999999-")):
        assert answer.status in (405, 416)
        assert all(name in answer.headers for name in HEADERS)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8000", 200),
        ("127.0.0.1:8000", 200),
        ("tracker.example.org", 200),
        ("Tracker.Example.org:443", 200),
        ("rebound.example.org", 400),
        ("tracker.example.org.rebound.example.org", 400),
        ("localhost.rebound.example.org", 400),
        ("192.0.2.7", 400),
        ("", 400),
    ],
)
def test_only_who_asks_for_a_name_of_this_machine_or_an_allowed_one_is_answered(get, host, status):
    for path in ("/", "/bundles.json", f"{BUNDLE}/manifest.json"):
        answer = get(path, Host=host)
        assert answer.status == status
        assert (b"a tracker" in answer.content) == (path == "/bundles.json" and status == 200)
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_app_may_connect_to_a_service_of_either_scheme(get):
    """Which `post` in `apps/web/src/benchmark/sharing.ts` takes"""
    assert "connect-src 'self' blob: https: http:;" in get("/").headers["Content-Security-Policy"]


def test_the_app_may_run_its_scripts_and_a_bundle_may_run_none(get):
    assert "script-src 'self' 'wasm-unsafe-eval'" in get("/").headers["Content-Security-Policy"]
    for name in ("manifest.json", "report.html", "onnx/track_step.onnx"):
        policy = get(f"{BUNDLE}/{name}").headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "script-src" not in policy
        assert "sandbox" in policy


@pytest.mark.parametrize(
    "path",
    [
        f"{BUNDLE}/../../etc/passwd",
        f"{BUNDLE}/../../../../../../../../etc/passwd",
        f"{BUNDLE}/%2e%2e/%2e%2e/etc/passwd",
        f"{BUNDLE}/..%2f..%2f..%2fetc%2fpasswd",
        f"{BUNDLE}/onnx/../manifest.json",
        f"{BUNDLE}/%252e%252e/secret.txt",
        f"{BUNDLE}//manifest.json",
        f"{BUNDLE}/..\\secret.txt",
        f"{BUNDLE}/manifest.json%00",
        "//etc/passwd",
        "/etc/passwd",
        "/assets/../../answers.py",
        "/../answers.py",
    ],
)
def test_no_path_leads_to_another_file(get, path):
    assert get(path).status == 404


def test_what_the_manifest_does_not_list_is_not_served(get, bundle):
    (bundle / "secret.txt").write_text("secret")
    (bundle / "onnx/secret.onnx").write_text("secret")
    assert get(f"{BUNDLE}/secret.txt").status == 404
    assert get(f"{BUNDLE}/onnx/secret.onnx").status == 404


def test_all_that_it_lists_is_served_as_it_is(get, bundle):
    files = json.loads((bundle / "manifest.json").read_text())["files"]
    for name in ("manifest.json", "SHA256SUMS", *(file["path"] for file in files)):
        assert get(f"{BUNDLE}/{name}").content == (bundle / name).read_bytes()


def test_a_file_that_became_a_link_is_not_followed(get, bundle, tmp_path):
    name = "vectors/prompt_mask.safetensors"
    (tmp_path / "secret").write_text("secret")
    (bundle / name).unlink()
    assert get(f"{BUNDLE}/{name}").status == 404
    (bundle / name).symlink_to(tmp_path / "secret")
    assert get(f"{BUNDLE}/{name}").status == 404


@pytest.mark.parametrize("to", ["elsewhere", "vectors"])
def test_a_folder_that_became_a_link_is_not_followed(get, bundle, tmp_path, to):
    """Nor one to itself"""
    name, folder, elsewhere = "vectors/track_step.safetensors", bundle / "vectors", tmp_path / "elsewhere"
    assert get(f"{BUNDLE}/{name}").status == 200
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere if to == "elsewhere" else folder)
    assert get(f"{BUNDLE}/{name}").status == 404
    folder.unlink()
    elsewhere.rename(folder)


def test_the_list_names_bundles_by_addresses_that_lead_to_them(get):
    (listed,) = json.loads(get("/bundles.json").content)["bundles"]
    assert listed == {"name": "a tracker", "url": "bundles/a%20tracker/", "trained": False}
    assert get(f"/{listed['url']}manifest.json").status == 200


def test_each_file_has_the_type_that_browsers_need(get, app):
    types = {path: get(path).headers["Content-Type"] for path in site_of((), (), app).files}
    ends = {
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".mjs": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".wasm": "application/wasm",
        ".webmanifest": "application/manifest+json",
        "/": "text/html; charset=utf-8",
    }
    for path, media_type in types.items():
        for end, expected in ends.items():
            if path.endswith(end):
                assert media_type == expected, path
    assert ".js" in "".join(types)
    for name in ("onnx/track_step.onnx", "vectors/track_step.safetensors"):
        assert get(f"{BUNDLE}/{name}").headers["Content-Type"] == "application/octet-stream"


def test_what_has_its_hash_in_its_name_is_kept_for_ever_and_the_rest_asked_for_again(get, app):
    assets = [path for path in site_of((), (), app).files if path.startswith("/assets/")]
    assert assets
    for path in assets:
        assert get(path).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for path in ("/", "/bundles.json", f"{BUNDLE}/manifest.json", f"{BUNDLE}/onnx/track_step.onnx"):
        assert get(path).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("refusal", ["gzip;q=0", "br, gzip; q=0.0", "gzip;q=0.000"])
def test_scripts_and_manifests_are_gzipped_for_those_who_take_it(get, app, refusal):
    script = next(path for path in site_of((), (), app).files if path.endswith(".js"))
    for path in (script, f"{BUNDLE}/manifest.json"):
        plain, refused, zipped = (get(path, **{"Accept-Encoding": each}) for each in ("br", refusal, "br, gzip"))
        assert plain.headers["Content-Encoding"] is refused.headers["Content-Encoding"] is None
        assert zipped.headers["Content-Encoding"] == "gzip"
        assert plain.headers["Vary"] == zipped.headers["Vary"] == "Accept-Encoding"
        assert gzip.decompress(zipped.content) == plain.content
        assert len(zipped.content) == int(zipped.headers["Content-Length"]) < len(plain.content)


def test_weights_are_not_gzipped(get):
    answer = get(f"{BUNDLE}/onnx/track_step.onnx", **{"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] is None


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_what_a_browser_has_already_is_not_sent_again(get, encoding):
    path = f"{BUNDLE}/manifest.json"
    tag = get(path, **{"Accept-Encoding": encoding}).headers["ETag"]
    again = get(path, **{"Accept-Encoding": encoding, "If-None-Match": tag})
    assert (again.status, again.content) == (304, b"")
    other = get(path, **{"Accept-Encoding": encoding, "If-None-Match": '"another"'})
    assert other.status == 200


def test_a_changed_file_is_sent_anew_and_not_as_it_was_compressed(get, bundle):
    path, zipped = f"{BUNDLE}/report.html", {"Accept-Encoding": "gzip"}
    before = get(path, **zipped)
    (bundle / "report.html").write_text("<p>anew</p>")
    again = get(path, **zipped, **{"If-None-Match": before.headers["ETag"]})
    assert gzip.decompress(again.content) == b"<p>anew</p>"


def test_a_part_of_a_file_can_be_asked_for(get, bundle):
    whole = (bundle / "onnx/track_step.onnx").read_bytes()
    part = get(f"{BUNDLE}/onnx/track_step.onnx", Range="bytes=10-19")
    assert (part.status, part.content) == (206, whole[10:20])


def test_asking_for_headers_alone_gives_those_of_the_file(get, bundle):
    size = (bundle / "onnx/track_step.onnx").stat().st_size
    answer = get(f"{BUNDLE}/onnx/track_step.onnx", "HEAD")
    assert (answer.status, answer.content, int(answer.headers["Content-Length"])) == (200, b"", size)
