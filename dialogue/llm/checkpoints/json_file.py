"""A JSON object from a file that somebody else wrote: small enough, not too deep, and an object."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dialogue.errors import BadInput

# The longest index of a published model is a few MB.
MOST_BYTES = 1 << 26


def read_json(path: Path) -> dict[str, Any]:
    """A model folder's JSON file. Raises BadInput where it is missing, broken, larger than 64 MB, or no object."""
    try:
        if path.is_file() and path.stat().st_size > MOST_BYTES:
            raise BadInput(f"{path} is larger than {MOST_BYTES >> 20} MB, which no description is; download it again.")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(f"{path} cannot be read ({error}); point to the folder of a downloaded model.") from error
    if not isinstance(content, dict):
        raise BadInput(f"{path} holds no JSON object; download it again.")
    return content
