"""Reads one media file as `ask` and the API do, and prints what it cost: run as a program by the tests.

Prints one JSON object: what came of it, and the peak memory in bytes of this process beyond its start, and of the
largest decoding process.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from audio.chunk import Chunk
from dialogue.errors import BadInput
from ui.api.media_file import contents, perceive, read_picture, read_sound


def peak(who: int) -> int:
    return resource.getrusage(who).ru_maxrss * 1024


def read(path: Path) -> str:
    kind = contents(path).kind
    if kind == "picture":
        picture = read_picture(path)
        return f"picture {picture.width} x {picture.height}"
    if kind == "sound":
        return f"sound {len(read_sound(path)) / 16_000:.0f} s"
    kinds = [isinstance(each, Chunk) for each in perceive(path, 2.0)]
    return f"video of {kinds.count(False)} pictures"


if __name__ == "__main__":
    before = peak(resource.RUSAGE_SELF)
    try:
        result = read(Path(sys.argv[1]))
    except BadInput as error:
        result = f"BadInput: {error}"
    own, child = peak(resource.RUSAGE_SELF) - before, peak(resource.RUSAGE_CHILDREN)
    print(json.dumps({"result": result, "own": own, "child": child}))
