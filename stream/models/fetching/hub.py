"""Downloads model repositories with the hub's client, which is imported when it is used."""

from __future__ import annotations

import logging
import shutil
import threading
from pathlib import Path

from stream.models.fetching.fetch_errors import WeightsError
from stream.models.fetching.weight_sources import HubRepository

log = logging.getLogger(__name__)

# In a whole repository: copies of the weights in formats that no engine reads.
IGNORED_PATTERNS = ["*.bin", "*.gguf", "*.h5", "*.msgpack", "original/*"]


def check_answer(source: HubRepository, file: str, within_s: float) -> None:
    """Raises WeightsError unless the hub reports the size of `file` within `within_s` seconds."""
    answered = threading.Event()
    # On a thread: a name server that does not answer is outside the client's own time limit.
    threading.Thread(target=_ask, args=(source, file, within_s, answered), name="hub", daemon=True).start()
    if not answered.wait(within_s):
        raise WeightsError(f"the hub does not answer for {source.repository} within {within_s:.0f} s")


def _ask(source: HubRepository, file: str, within_s: float, answered: threading.Event) -> None:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    try:
        url = hf_hub_url(source.repository, file, revision=source.revision)
        if get_hf_file_metadata(url, timeout=within_s).size is not None:
            answered.set()
    except Exception as error:  # the hub's client and its HTTP library raise many types
        log.info("the hub does not answer: %s", error)


def download_from_hub(source: HubRepository, files: list[str], staging: Path) -> None:
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
