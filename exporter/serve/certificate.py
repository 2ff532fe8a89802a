"""A certificate of this machine's own: browsers give a page the camera and threads over an encrypted connection only.

No authority vouches for it, so a browser warns once. Key and certificate are one file among the user's data, which only
the user reads.
"""

from __future__ import annotations

import os
import ssl
import stat
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from latency_db.store.user_file import user_file

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate, GeneralName

VALID = timedelta(days=365)
"""Apple's systems take none that is valid for longer than 825 days (support.apple.com/103769)."""
AHEAD = timedelta(days=1)
"""By which it begins before it is made, for clocks that are behind"""
LEFT = timedelta(days=7)
"""With less, it is made again"""


def certificate_file() -> Path:
    """The file in the user's data directory, whether it is there or not."""
    return user_file().with_name("serve.pem")


def certificate_for(names: Collection[str], file: Path, now: datetime | None = None) -> Path:
    """`file` with key and certificate, PEM, for host names and IP addresses.

    It stays as it is while it is of these names, valid, and readable by nobody else; else it is made again.
    """
    now = now or datetime.now(UTC)
    if not _serves(file, names, now):
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_name(f"{file.name}.{os.getpid()}.part")
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as writing:
            writing.write(_made(names, now))
        unfinished.replace(file)
    return file


def _serves(file: Path, names: Collection[str], now: datetime) -> bool:
    """Whether there is a certificate that can be used again."""
    from cryptography import x509

    try:
        others = stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(file)  # which holds the key against it
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        known = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    valid = certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - LEFT
    return not others and valid and set(known) == set(map(_general_name, names))


def _made(names: Collection[str], now: datetime) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + _signed(key, names, now).public_bytes(
        Encoding.PEM
    )


def _signed(key: EllipticCurvePrivateKey, names: Collection[str], now: datetime) -> Certificate:
    """As RFC 5280 wants it of a server, and as strict verification does: signed by itself, and no authority."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vitexport serve app")])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - AHEAD)
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName(list(map(_general_name, names))), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, SHA256())


def _general_name(name: str) -> GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
