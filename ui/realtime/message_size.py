"""Keeps messages within the size that a data channel of any browser takes."""

from __future__ import annotations

from collections.abc import Iterator

from ui.realtime.wire import Message, encoded

MOST_BYTES = 65_536  # what a page without a=max-message-size takes
# Characters. One takes at most twelve bytes in the ASCII of JSON; two texts of a message fit.
LONGEST_PIECE, LONGEST_TEXT = 5_000, 2_500


def within_size(message: Message) -> Iterator[str]:
    """The message as JSON texts of at most MOST_BYTES.

    A long `reply_text` becomes several, which a page appends to one another. Any other message that is too long loses
    the ends of its texts, and its lists if that is not enough.
    """
    whole = encoded(message)
    if len(whole) <= MOST_BYTES:
        yield whole
    elif message["type"] == "reply_text":
        text = message["text"]
        for start in range(0, len(text), LONGEST_PIECE):
            yield encoded({**message, "text": text[start : start + LONGEST_PIECE]})
    else:
        short = {name: _shortened(value) for name, value in message.items()}
        if len(whole := encoded(short)) > MOST_BYTES:
            whole = encoded({name: [] if isinstance(value, list) else value for name, value in short.items()})
        yield whole


def _shortened(value: object) -> object:
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return value[: LONGEST_TEXT - 1] + "…"
    return value
