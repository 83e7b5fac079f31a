"""Makes a self-signed certificate for HTTPS, without which browsers give no camera and microphone.

A browser warns once about it, so it is kept between starts. It is replaced when it is about to expire, lacks an
address of this machine, or cannot be read.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID = timedelta(days=365)  # some browsers refuse more than 398
RENEW_BEFORE = timedelta(days=30)
CLOCKS_DIFFER_BY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files, and the fingerprint that a browser shows."""

    certificate: Path
    key: Path
    fingerprint: str  # SHA-256


def certificate_for(names: Sequence[str], folder: Path, now: datetime | None = None) -> Certificate:
    """The certificate in `folder` for these host names and addresses. Raises OSError when it cannot be written."""
    now = now or datetime.now(UTC)
    files = folder / "certificate.pem", folder / "certificate-key.pem"
    stored = _stored(*files)
    if stored is None or not _serves(stored, names, now):
        stored = _make(names, now, *files)
    digest = stored.fingerprint(hashes.SHA256()).hex().upper()
    return Certificate(*files, ":".join(digest[start : start + 2] for start in range(0, len(digest), 2)))


def _stored(certificate: Path, key: Path) -> x509.Certificate | None:
    """The certificate of an earlier start; None if it is missing or damaged."""
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        return None
    return found if found.public_key() == private.public_key() else None


def _serves(certificate: x509.Certificate, names: Sequence[str], now: datetime) -> bool:
    listed = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    in_time = certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEW_BEFORE
    return in_time and set(_alternatives(names)) <= set(listed)


def _alternatives(names: Sequence[str]) -> list[x509.GeneralName]:
    alternatives: list[x509.GeneralName] = []
    for name in names:
        try:
            alternatives.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            with suppress(UnicodeError):  # a machine may have a name that is no valid host name
                alternatives.append(x509.DNSName(name.encode("idna").decode()))
    return alternatives


def _make(names: Sequence[str], now: datetime, certificate: Path, key: Path) -> x509.Certificate:
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "omnilive on this machine")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS_DIFFER_BY)
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName(_alternatives(names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    certificate.parent.mkdir(parents=True, exist_ok=True)
    unencrypted = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    _write(key, private.private_bytes(pem, serialization.PrivateFormat.PKCS8, unencrypted))
    _write(certificate, made.public_bytes(pem))
    return made


def _write(path: Path, content: bytes) -> None:
    """Writes the whole file or none, readable only by its owner."""
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
