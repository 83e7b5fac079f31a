"""One step of one session's speech as a request: the speech decoders of o 2.6 and o 4.5 share its shape."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from dialogue.llm.batching import Stage

State = TypeVar("State")
Inputs = TypeVar("Inputs")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, eq=False)
class SpeechRequest(Generic[State, Inputs, Result]):
    """`inputs` of one session, whose `state` changes. `decode` is a method of the shared decoder: it takes the states
    and the inputs of several sessions in one pass and returns one result for each of them."""

    decode: Callable[[Sequence[State], Sequence[Inputs]], Sequence[Result]]
    state: State
    inputs: Inputs
    stage: Stage = Stage.SPEAK

    def batch_key(self) -> Hashable:
        return self.decode  # the same method of the same decoder

    def compute_batch(self, requests: Sequence[SpeechRequest[State, Inputs, Result]]) -> Sequence[Result]:
        return self.decode([each.state for each in requests], [each.inputs for each in requests])
