"""`vitexport serve app` from outside: where it says the app is, its encryption, and how it ends."""

import http.client
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request

import cv2
import numpy as np
import pytest

from exporter.cli import serve_app as command
from exporter.serve.addresses import addresses_of, qr_code, url_of
from tests.exporter.cli.command_line import assert_one_sentence, run
from tests.web_app import serving

pytestmark = pytest.mark.usefixtures("app")

WARNING = "Whoever reaches this port can read what is served, the weights of its bundles included."


def test_without_encryption_only_this_machine_is_served():
    with serving() as served:
        assert served.urls == [f"http://localhost:{served.port}"]
        assert WARNING not in served.printed
        with urllib.request.urlopen(served.urls[0], timeout=10) as answer:
            assert answer.status == 200
        for address in addresses_of("0.0.0.0").network:
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((address, served.port), timeout=10)


def test_others_are_told_what_they_lack_over_plain_http():
    with serving("--host", "0.0.0.0") as served:
        network = addresses_of("0.0.0.0").network
        assert served.urls == [f"http://{name}:{served.port}" for name in ("localhost", *network)]
        assert WARNING in served.printed
        assert ("one thread" in served.printed and "--https" in served.printed) == bool(network)


@pytest.mark.parametrize(("host", "reached"), [("::1", "::1"), ("0.0.0.0", "127.0.0.2")])
def test_every_address_of_this_machine_is_a_name_of_it_also_one_that_it_does_not_print(host, reached):
    with serving("--host", host) as served:
        assert urllib.request.urlopen(url_of("http", reached, served.port), timeout=10).status == 200


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The user's data directory."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def encrypted(tracker_bundle, data):
    """Serves a bundle over TLS."""
    with serving("--https", "--bundle", tracker_bundle.path, XDG_DATA_HOME=str(data)) as served:
        yield served


@pytest.fixture
def trusting(encrypted, data):
    """Takes the certificate that was made, and no other."""
    context = ssl.create_default_context(cafile=data / "vitexport/serve.pem")
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def test_every_address_that_is_printed_is_encrypted_under_the_certificate(encrypted, trusting):
    assert encrypted.urls[0] == f"https://localhost:{encrypted.port}"
    for url in dict.fromkeys(encrypted.urls):
        with urllib.request.urlopen(f"{url}/bundles.json", context=trusting, timeout=10) as answer:
            assert len(json.load(answer)["bundles"]) == 1


def test_no_other_certificate_and_no_other_name_is_trusted(encrypted, trusting):
    for context, name in ((ssl.create_default_context(), "localhost"), (trusting, "example.org")):
        with (
            socket.create_connection(("127.0.0.1", encrypted.port), timeout=10) as plain,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            context.wrap_socket(plain, server_hostname=name)


def test_without_encryption_it_answers_nothing(encrypted):
    connection = http.client.HTTPConnection("127.0.0.1", encrypted.port, timeout=10)
    connection.request("GET", "/")
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        connection.getresponse()
    connection.close()


def test_it_says_what_the_browser_will_warn_of(encrypted):
    assert "no authority vouches" in encrypted.printed


def scanned(lines):
    """What a QR code of half blocks says, as a phone sees it on a dark terminal."""
    modules = np.array([[[block in "█▀", block in "█▄"] for block in line] for line in lines])
    upright = modules.transpose(0, 2, 1).reshape(-1, len(lines[0]))
    picture = np.kron(upright.astype(np.uint8) * 255, np.ones((8, 8), np.uint8))
    return cv2.QRCodeDetector().detectAndDecode(picture)[0]


@pytest.mark.parametrize("url", ["https://192.168.178.24:8000", "https://[fd00::1]:65535", "https://10.0.0.7:8443"])
def test_the_code_says_the_address(url):
    assert scanned(qr_code(url)) == url


def test_the_code_that_is_printed_says_the_first_address_of_the_network(encrypted):
    lines = [line for line in encrypted.printed.splitlines() if re.fullmatch("[ █▀▄]+", line)]
    network = encrypted.urls[1:]
    assert bool(lines) == bool(network)
    if lines:
        assert scanned(lines) == network[0]


def test_no_code_is_printed_where_nobody_wants_it(tmp_path):
    with serving("--https", "--no-qr", XDG_DATA_HOME=str(tmp_path)) as served:
        assert "█" not in served.printed


def test_encrypted_for_this_machine_alone_it_says_what_a_phone_needs(tmp_path):
    with serving("--https", "--host", "127.0.0.1", XDG_DATA_HOME=str(tmp_path)) as served:
        assert served.urls == [f"https://localhost:{served.port}"]
        assert "for a phone, leave --host out" in served.printed
        assert "no address in a network" not in served.printed


def test_a_port_in_use_is_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run("serve", "app", "--port", str(port))
    assert_one_sentence(done, f"Port {port} is in use on this machine: pass another")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--host", "192.0.2.77"), "192.0.2.77 is no address of this machine"),
        (("--host", "a..b"), "There is no host a..b (no name is written like that): pass an address of this machine."),
        (("--host", "no-such-host.invalid"), "There is no host no-such-host.invalid ("),
        (
            ("--allow-host", "https://tracker.example.org/"),
            "https://tracker.example.org/ is no host name",
        ),
        (("--allow-host", "*"), "* is no host name: pass it alone, such as --allow-host tracker.example.org."),
        (("--no-qr",), "--no-qr is for --https, without which no code is printed: leave it out."),
    ],
)
def test_what_cannot_be_served_is_one_sentence(arguments, complaint):
    assert_one_sentence(run("serve", "app", *arguments), complaint)


def test_a_missing_package_is_one_sentence(monkeypatch):
    monkeypatch.setattr(command, "_NEEDED", ("no_such_package",))
    said = "no_such_package is not installed, and `vitexport serve app` needs it: pip install"
    assert_one_sentence(run("serve", "app"), said)


def test_what_is_no_bundle_is_one_sentence(tmp_path):
    assert_one_sentence(run("serve", "app", "--bundle", str(tmp_path)), "is no bundle")


def test_the_bundle_that_is_served_is_known_when_it_is_exported_again(encrypted, tracker_bundle, data):
    kept = list((data / "vitexport/bundles").iterdir())
    assert [path.read_bytes() for path in kept] == [(tracker_bundle.path / "manifest.json").read_bytes()]


def test_it_ends_within_moments_though_somebody_downloads(tracker_bundle):
    """`serving` sends Ctrl-C, and wants exit code 0 and no complaint."""
    with serving("--bundle", tracker_bundle.path) as served:
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", served.port))
        path = f"/bundles/{tracker_bundle.path.name}/vectors/track_step.safetensors"
        slow.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert slow.recv(12) == b"HTTP/1.1 200"
    slow.close()


def test_its_port_is_free_as_soon_as_it_ends():
    with serving() as served:
        urllib.request.urlopen(served.urls[0], timeout=10).close()
    socket.create_server(("127.0.0.1", served.port)).close()


def test_when_it_is_terminated_it_ends_as_other_commands_do():
    with pytest.raises(AssertionError, match="143"), serving() as served:
        served.process.send_signal(signal.SIGTERM)
        served.process.wait(timeout=30)


def test_help_is_printed_without_a_server():
    program = "import sys\nfrom exporter.cli import main\ntry: main()\nfinally: print('uvicorn' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program, "serve", "app", "--help"], capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines()[-1] == "False"
