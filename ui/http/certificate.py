"""A certificate of our own for HTTPS, since browsers give camera and microphone to no other pages.

Nobody vouches for it, so a browser asks once. It is kept between starts, so that it asks only once, and made anew
when it is about to run out, lacks an address of this machine, or cannot be read.
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
    """Files in PEM, and what a browser shows for comparison."""

    certificate: Path
    key: Path
    fingerprint: str  # SHA-256


def certificate_for(names: Sequence[str], folder: Path, now: datetime | None = None) -> Certificate:
    """One that names every host name and IP address of `names`. Raises OSError when `folder` cannot be written."""
    now = now or datetime.now(UTC)
    files = folder / "certificate.pem", folder / "certificate-key.pem"
    kept = _kept(*files)
    if kept is None or not _serves(kept, names, now):
        kept = _make(names, now, *files)
    digest = kept.fingerprint(hashes.SHA256()).hex().upper()
    return Certificate(*files, ":".join(digest[place : place + 2] for place in range(0, len(digest), 2)))


def _kept(certificate: Path, key: Path) -> x509.Certificate | None:
    """The one of an earlier start, if it is whole."""
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        return None
    return found if found.public_key() == private.public_key() else None


def _serves(certificate: x509.Certificate, names: Sequence[str], now: datetime) -> bool:
    told = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    in_time = certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEW_BEFORE
    return in_time and set(_alternatives(names)) <= set(told)


def _alternatives(names: Sequence[str]) -> list[x509.GeneralName]:
    alternatives: list[x509.GeneralName] = []
    for name in names:
        try:
            alternatives.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            with suppress(UnicodeError):  # a machine may be called what no browser can ask for, as by 64 letters
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
    """Whole or not at all, and for nobody else's eyes."""
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink()
        raise
