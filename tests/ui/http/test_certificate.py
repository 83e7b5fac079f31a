"""A certificate is kept while it serves, and made anew when it does not."""

from __future__ import annotations

import errno
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from ui.http.certificate import RENEW_BEFORE, VALID, certificate_for

NAMES = ["localhost", "127.0.0.1", "192.168.1.20", "fd00::2", "my-laptop.local"]
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def read(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_it_names_every_address_and_a_server_can_use_it(tmp_path: Path) -> None:
    made = certificate_for(NAMES, tmp_path / "new" / "folder", NOW)
    names = read(made.certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert set(names.get_values_for_type(x509.DNSName)) == {"localhost", "my-laptop.local"}
    assert {str(ip) for ip in names.get_values_for_type(x509.IPAddress)} == {"127.0.0.1", "192.168.1.20", "fd00::2"}
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(made.certificate, made.key)
    assert len(made.fingerprint) == 32 * 3 - 1


def test_browsers_accept_how_long_it_lasts() -> None:
    assert timedelta(days=90) < VALID < timedelta(days=398)


def test_the_key_is_for_nobody_else(tmp_path: Path) -> None:
    made = certificate_for(NAMES, tmp_path, NOW)
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600


def test_it_is_kept_between_starts(tmp_path: Path) -> None:
    first = certificate_for(NAMES, tmp_path, NOW)
    assert certificate_for(NAMES[:2], tmp_path, NOW + VALID - RENEW_BEFORE - timedelta(days=1)) == first


@pytest.mark.parametrize("days", [-3, 400, (VALID - RENEW_BEFORE).days + 1])
def test_it_is_renewed_before_it_runs_out_and_when_the_clock_was_wrong(tmp_path: Path, days: int) -> None:
    first = certificate_for(NAMES, tmp_path, NOW)
    later = certificate_for(NAMES, tmp_path, NOW + timedelta(days=days))
    assert later.fingerprint != first.fingerprint
    assert read(later.certificate).not_valid_before_utc <= NOW + timedelta(days=days)


def test_a_new_address_makes_a_new_one(tmp_path: Path) -> None:
    first = certificate_for(NAMES, tmp_path, NOW)
    assert certificate_for([*NAMES, "10.0.0.7"], tmp_path, NOW).fingerprint != first.fingerprint


@pytest.mark.parametrize("damage", [b"", b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n"])
@pytest.mark.parametrize("file", ["certificate", "key"])
def test_damaged_files_are_replaced(tmp_path: Path, file: str, damage: bytes) -> None:
    first = certificate_for(NAMES, tmp_path, NOW)
    getattr(first, file).write_bytes(damage)
    second = certificate_for(NAMES, tmp_path, NOW)
    assert second.fingerprint != first.fingerprint
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(second.certificate, second.key)


def test_a_key_of_another_certificate_is_noticed(tmp_path: Path) -> None:
    first = certificate_for(NAMES, tmp_path / "a", NOW)
    other = certificate_for(NAMES, tmp_path / "b", NOW)
    first.key.write_bytes(other.key.read_bytes())
    assert certificate_for(NAMES, tmp_path / "a", NOW).fingerprint != first.fingerprint


def test_names_that_no_browser_can_ask_for_are_left_out(tmp_path: Path) -> None:
    made = certificate_for([*NAMES, "x" * 64, f"{'x' * 64}.local", "a..b"], tmp_path, NOW)
    assert certificate_for(NAMES, tmp_path, NOW) == made


def test_on_a_full_disk_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(part: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        certificate_for(NAMES, tmp_path, NOW)
    assert list(tmp_path.iterdir()) == []
