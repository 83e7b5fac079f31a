"""What several sessions compute at the same time, in one pass of the weights they share.

A session's work is written once, as a generator: where it needs the model it yields a request and is sent the answer.
Alone, each request is computed as it comes. Together, requests of all sessions that are alike are computed in one go:
one reading of the weights for all. What a session gets is the same up to rounding. Knows no session and no clock.
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor

from dialogue.llm.decoder import Decoder
from dialogue.llm.kv_cache import KVCache

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Stage(IntEnum):
    """The order of a unit. Those behind go first, so that sessions meet again in the later stages."""

    LOOK = 0
    LISTEN = 1
    THINK = 2
    WRITE = 3
    SPEAK = 4
    SOUND = 5


class Request(Protocol):
    """Something a model is to compute for one session. Changes that session's caches, and only once it succeeds."""

    @property
    def stage(self) -> Stage: ...

    def alike(self) -> Hashable:
        """Requests of the same class for which this is equal can be computed together."""
        ...

    def together(self, requests: Sequence[Any]) -> Sequence[Any]:
        """The answers to these, itself among them, in order."""
        ...


Steps = Generator[Request, Any, T]


@dataclass(frozen=True, slots=True)
class Output(Generic[T_co]):
    """Something to hand over while the work goes on."""

    value: T_co


Stream = Generator[Request | Output[T], Any, None]  # work that hands over one thing after the other


@dataclass(frozen=True, slots=True, eq=False)
class Fed:
    """Hidden states (T, hidden) of what was fed, and the logits (V,) behind its last row if they were wanted."""

    hidden: Tensor
    logits: Tensor | None


@dataclass(frozen=True, slots=True, eq=False)
class Feed:
    """Append token ids (T,) or rows (T, hidden) to a session's cache -> Fed."""

    decoder: Decoder
    cache: KVCache
    inputs: Tensor
    scored: bool = True  # the largest matrix of all is read for the logits
    stage: Stage = Stage.THINK

    def alike(self) -> Hashable:
        return id(self.decoder)

    @torch.inference_mode()
    def together(self, requests: Sequence[Feed]) -> list[Fed]:
        hidden = self.decoder.forward_batch([one.cache for one in requests], [one.inputs for one in requests])
        last = [rows[-1] for one, rows in zip(requests, hidden, strict=True) if one.scored]
        logits = iter(self.decoder.logits(torch.stack(last)) if last else ())
        return [Fed(rows, next(logits) if one.scored else None) for one, rows in zip(requests, hidden, strict=True)]


def alone(steps: Steps[T]) -> T:
    """One session's work, to its end."""
    answer = None
    while True:
        try:
            request = steps.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        answer = request.together([request])[0]


def outputs(stream: Stream[T]) -> Iterator[T]:
    """What one session's work hands over, computed as it is asked for."""
    answer = None
    while True:
        try:
            item = stream.send(answer)
        except StopIteration:
            return
        answer = None
        if isinstance(item, Output):
            yield item.value
        else:
            answer = item.together([item])[0]


def gathered(stream: Stream[T]) -> Steps[list[T]]:
    """All that it hands over, at its end."""
    made: list[T] = []
    answer = None
    while True:
        try:
            item = stream.send(answer)
        except StopIteration:
            return made
        answer = None
        if isinstance(item, Output):
            made.append(item.value)
        else:
            answer = yield item


def run_together(work: Sequence[Steps[T]]) -> list[T | Exception]:
    """The work of several sessions; for each its result, or what it raised.

    A pass that fails is done again for each session by itself, so that only the one at fault is told.
    """
    results: dict[int, T | Exception] = {}
    waiting: dict[int, Request] = {}

    def go_on(number: int, answer: Any) -> None:
        waiting.pop(number, None)
        try:
            steps = work[number]
            waiting[number] = steps.throw(answer) if isinstance(answer, Exception) else steps.send(answer)
        except StopIteration as end:
            results[number] = end.value
        except Exception as error:
            results[number] = error

    for number in range(len(work)):
        go_on(number, None)
    while waiting:
        group = _next_group(waiting)
        for number, answer in zip(group, answers([waiting[number] for number in group]), strict=True):
            go_on(number, answer)
    return [results[number] for number in range(len(work))]


def _next_group(waiting: dict[int, Request]) -> list[int]:
    first = min(waiting.values(), key=lambda request: request.stage)
    return [number for number, request in waiting.items() if of_one_kind(request, first)]


def of_one_kind(one: Request, other: Request) -> bool:
    """Whether they can be computed together."""
    return type(one) is type(other) and one.alike() == other.alike()


def answers(requests: Sequence[Request]) -> Sequence[Any]:
    """To requests of one kind: for each its answer, or what it raised by itself."""
    try:
        return requests[0].together(requests)
    except Exception as error:
        if len(requests) == 1:
            return [error]
        return [answers([request])[0] for request in requests]
