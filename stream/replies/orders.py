"""Orders from the floor to the stage that makes replies. They are carried out one at a time, in sequence."""

from __future__ import annotations

from dataclasses import dataclass

from dialogue.blocks import PartialBlock
from stream.replies.reply import Question
from stream.runtime.queues import BlockingQueue

ORDER_QUEUE_SIZE = 64


@dataclass(frozen=True, slots=True)
class PrepareReply:
    """Compute the answer to `question` speculatively; nothing of it is shown before GiveReply."""

    turn: int
    question: Question


@dataclass(frozen=True, slots=True)
class GiveReply:
    """The turn is decided; `question` is used where nothing was prepared."""

    turn: int
    question: Question


@dataclass(frozen=True, slots=True)
class VoidReply:
    """Discard the reply without a trace: the user goes on, or said nothing."""

    turn: int


@dataclass(frozen=True, slots=True)
class ForgetTurn:
    """Nothing was said in the turn: what the engine heard of it is discarded too."""

    turn: int


@dataclass(frozen=True, slots=True)
class TakeUnits:
    """The user goes on speaking: units of the turn are queued for an engine that hears."""

    turn: int


@dataclass(frozen=True, slots=True)
class CutReply:
    """The user interrupted after hearing this many characters."""

    turn: int
    heard_characters: int


@dataclass(frozen=True, slots=True)
class CloseReply:
    """The reply was heard to its end."""

    turn: int


@dataclass(frozen=True, slots=True)
class PartialHeard:
    """A partial transcript, for an engine that prefills while the user speaks."""

    block: PartialBlock


@dataclass(frozen=True, slots=True)
class SceneChanged:
    """The scene was updated: it is fed between replies, for questions about the past."""


Order = (
    PrepareReply | GiveReply | VoidReply | ForgetTurn | TakeUnits | CutReply | CloseReply | PartialHeard | SceneChanged
)


def order_queue() -> BlockingQueue[Order]:
    """The queue that a session makes first and passes to the writers and the reader of its orders."""
    return BlockingQueue(ORDER_QUEUE_SIZE)
