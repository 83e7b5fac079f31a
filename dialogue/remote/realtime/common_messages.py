"""What the messages of several dialects of realtime servers have in common: errors, the end, and what was said."""

from __future__ import annotations

from dialogue.blocks import ReplyBlock, TextBlock
from dialogue.remote.realtime.far_events import FarFault, Message
from dialogue.remote.realtime.far_sound import fields_of, shown

NO_TEXT = "This server takes no typed messages: say it instead."


def reported(message: Message, *, ready: bool) -> FarFault:
    """An error; before the session is ready it is lost with it."""
    words = shown(fields_of(message.get("error")).get("message"), "The realtime server reports an error.")
    return FarFault(words, lost=not ready)


def closed(message: Message) -> FarFault:
    """The server has ended the session."""
    reason = shown(message.get("reason"), "no reason given")
    return FarFault(f"The realtime server has closed the session ({reason}).", lost=True)


def said_before(turn: TextBlock | ReplyBlock) -> Message:
    """A turn from before the connection was lost, as an item of OpenAI's conversations."""
    is_user = isinstance(turn, TextBlock)
    part = {"type": "input_text" if is_user else "output_text", "text": turn.text}
    return {"type": "message", "role": "user" if is_user else "assistant", "content": [part]}
