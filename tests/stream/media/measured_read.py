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
from stream.media.media_file import contents, perceive, read_picture, read_sound


def own_peak() -> int:
    """Not that of getrusage, which counts the process that started this one."""
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


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
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins at what is used now
    before = own_peak()
    try:
        result = read(Path(sys.argv[1]))
    except BadInput as error:
        result = f"BadInput: {error}"
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(json.dumps({"result": result, "own": own_peak() - before, "child": child}))
