"""Which replies were cut by a sound, in what the browser recorded."""

from __future__ import annotations

import numpy as np

from benchmarks.interrupting.recorded import BrowserRecording


def test_a_reply_that_the_benchmark_ended_by_typing_was_not_cut_by_a_sound() -> None:
    nothing = np.zeros(1, np.float32)
    messages = [
        (1.0, {"type": "why", "kind": "yielded", "turn": 1, "text": "stopped: you typed a message"}),
        (2.0, {"type": "why", "kind": "yielded", "turn": 2, "text": "stopped: you spoke over the answer (300 ms)"}),
        (2.1, {"type": "reply_ended", "turn": 1}),
        (2.1, {"type": "reply_ended", "turn": 2}),
    ]
    recorded = BrowserRecording(0.0, nothing, nothing, messages, (0.0, 3.0))
    assert [reply["turn"] for _, reply in recorded.cuts(0.0, 3.0)] == [2]
