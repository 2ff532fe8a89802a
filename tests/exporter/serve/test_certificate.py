"""A certificate that serves again as long as it can, and that nobody else reads."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from exporter.serve.certificate import LEFT, VALID, certificate_for

NAMES = ("localhost", "127.0.0.1", "192.168.178.24", "fd00::24", "tower")


@pytest.fixture
def made(tmp_path):
    return certificate_for(NAMES, tmp_path / "data/serve.pem")


def test_it_is_of_all_names_and_not_of_others(made):
    certificate = x509.load_pem_x509_certificate(made.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(name.value) for name in names} == set(NAMES)


def test_only_the_user_reads_the_key(made):
    assert made.stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE KEY" in made.read_bytes()
    assert [path.name for path in made.parent.iterdir()] == ["serve.pem"]


def test_it_stays_while_it_serves(made):
    before = made.read_bytes()
    assert certificate_for(reversed(NAMES), made).read_bytes() == before
    later = datetime.now(UTC) + VALID - LEFT - timedelta(hours=1)
    assert certificate_for(NAMES, made, later).read_bytes() == before


@pytest.mark.parametrize("names", [(*NAMES, "192.168.178.25"), NAMES[:-1]])
def test_other_addresses_make_another(made, names):
    before = made.read_bytes()
    assert certificate_for(names, made).read_bytes() != before


def test_it_is_made_again_before_it_expires(made):
    before = made.read_bytes()
    assert certificate_for(NAMES, made, datetime.now(UTC) + VALID - LEFT).read_bytes() != before


@pytest.mark.parametrize("others", [0o640, 0o604])
def test_a_key_that_others_could_read_is_made_again(made, others):
    before = made.read_bytes()
    made.chmod(others)
    assert certificate_for(NAMES, made).read_bytes() != before
    assert made.stat().st_mode & 0o777 == 0o600


def test_a_damaged_file_is_made_again(made):
    whole = made.read_bytes()
    other_key = certificate_for(NAMES, made.with_name("other.pem")).read_bytes()
    certificate = whole[whole.index(b"-----BEGIN CERTIFICATE") :]
    for content in (
        b"",
        b"text",
        whole[:300],
        certificate,
        other_key[: other_key.index(b"-----BEGIN CERT")] + certificate,
    ):
        made.write_bytes(content)
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate_for(NAMES, made))
