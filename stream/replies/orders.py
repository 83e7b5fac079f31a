"""What the floor sends to the stage that makes replies, carried out one at a time, in sequence: decisions about turns,
and input for the engine between replies."""

from __future__ import annotations

from dataclasses import dataclass

from dialogue.blocks import PartialBlock
from stream.runtime.events import Notice
from stream.runtime.queues import BlockingQueue
from stream.turns.decisions import Answer, Drop, Finish, Prepare, Retract, Yield

ORDER_QUEUE_SIZE = 64

# From an engine whose context is a stream of sound: its beginning cannot be replaced.
INSTRUCTION_LATE = Notice("error", "instruction_late", "This model takes instructions at the beginning only.")


@dataclass(frozen=True, slots=True)
class UnitsReady:
    """The user goes on speaking: units of the turn are queued for an engine that hears."""

    turn: int


@dataclass(frozen=True, slots=True)
class PartialHeard:
    """A partial transcript, for an engine that prefills while the user speaks."""

    block: PartialBlock


@dataclass(frozen=True, slots=True)
class SceneChanged:
    """The scene was updated: it is fed between replies, for questions about the past."""


@dataclass(frozen=True, slots=True)
class ThingShown:
    """Something that the user showed is understood: it is fed between replies."""


@dataclass(frozen=True, slots=True)
class InstructionSet:
    """The standing instruction from now on."""

    text: str


@dataclass(frozen=True, slots=True)
class ReplyShortened:
    """The user has heard only `heard_characters` of the reply to `turn`, which had ended."""

    turn: int
    heard_characters: int


EngineInput = UnitsReady | PartialHeard | SceneChanged | ThingShown | InstructionSet
ReplyDecision = Prepare | Retract | Answer | Drop | Yield | Finish  # the decisions that concern the engine
Order = ReplyDecision | ReplyShortened | EngineInput


def order_queue() -> BlockingQueue[Order]:
    """The queue that a session makes first and passes to the writers and the reader of its orders."""
    return BlockingQueue(ORDER_QUEUE_SIZE)
