"""Prints a line whenever the scene of a video changes: `watch_video.py film.mp4`.

The film is shown to the camera of a live call at the speed at which it was recorded.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence

import av

from omnilive import Assistant
from stream.runtime.events import SceneSeen
from ui.api.live_call import LiveCall

LAST_LOOK_S = 2.0  # the time that the detector gets for the last picture


def show(film: str, call: LiveCall) -> None:
    """Every picture of the film at its time."""
    start = time.monotonic()
    with av.open(film) as file:
        for frame in file.decode(video=0):
            time.sleep(max(0.0, start + (frame.time or 0.0) - time.monotonic()))
            call.see(frame.to_ndarray(format="rgb24"))
    time.sleep(LAST_LOOK_S)


def report(call: LiveCall) -> None:
    """A line for each change, until the call ends."""
    seen = ""
    for event in call:
        if isinstance(event, SceneSeen) and event.description != seen:
            seen = event.description
            print(f"{event.at:5.1f} s  {seen}", flush=True)


def main(arguments: Sequence[str]) -> None:
    (film,) = arguments
    with Assistant() as assistant:
        with assistant.live(aloud=False) as call:
            reporting = threading.Thread(target=report, args=(call,))
            reporting.start()
            show(film, call)
        reporting.join()


if __name__ == "__main__":
    main(sys.argv[1:])
