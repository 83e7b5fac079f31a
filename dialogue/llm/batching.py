"""Batches the model requests of several sessions into shared passes over the weights.

A session's work is a generator that yields a request wherever it needs the model, and receives the result. `run_alone`
computes each request at once; `run_batch` computes like requests of all sessions in one batch, which reads the
weights once. The results are the same up to rounding.
"""

from __future__ import annotations

from collections.abc import Generator, Hashable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor

from dialogue.llm.kv_cache import KVCache

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Stage(IntEnum):
    """The stages of a unit, in order. The earliest stage runs first, so that sessions meet in later stages."""

    LOOK = 0
    LISTEN = 1
    THINK = 2
    WRITE = 3
    SPEAK = 4
    SOUND = 5


class Request(Protocol):
    """A computation of the model for one session. Changes that session's caches, and only if it succeeds."""

    @property
    def stage(self) -> Stage: ...

    def batch_key(self) -> Hashable:
        """Requests of the same class with equal keys can be computed in one batch."""
        ...

    def compute_batch(self, requests: Sequence[Any]) -> Sequence[Any]:
        """Computes a batch of requests that includes this one; returns the results in order."""
        ...


Steps = Generator[Request, Any, T]


@dataclass(frozen=True, slots=True)
class Output(Generic[T_co]):
    """A value that a stream emits while it continues."""

    value: T_co


Stream = Generator[Request | Output[T], Any, None]  # work that emits a series of outputs


class BatchDecoder(Protocol):
    """A decoder that computes several sessions in one pass."""

    def forward_batch(self, caches: Sequence[Any], inputs: Sequence[Tensor]) -> list[Tensor]: ...
    def logits(self, hidden: Tensor) -> Tensor: ...


@dataclass(frozen=True, slots=True, eq=False)
class Fed:
    """Hidden states (T, hidden) of the inputs, and the logits (V,) after the last row if they were requested."""

    hidden: Tensor
    logits: Tensor | None


@dataclass(frozen=True, slots=True, eq=False)
class Feed:
    """A request to append token ids (T,) or rows (T, hidden) to a session's cache; the result is a Fed."""

    decoder: BatchDecoder
    cache: KVCache
    inputs: Tensor
    scored: bool = True  # whether to compute logits, which reads the largest matrix
    stage: Stage = Stage.THINK

    def batch_key(self) -> Hashable:
        return id(self.decoder)

    @torch.inference_mode()
    def compute_batch(self, requests: Sequence[Feed]) -> list[Fed]:
        hidden = self.decoder.forward_batch([one.cache for one in requests], [one.inputs for one in requests])
        last = [rows[-1] for one, rows in zip(requests, hidden, strict=True) if one.scored]
        logits = iter(self.decoder.logits(torch.stack(last)) if last else ())
        return [Fed(rows, next(logits) if one.scored else None) for one, rows in zip(requests, hidden, strict=True)]


def run_alone(steps: Steps[T]) -> T:
    """Runs one session's work to its end, without batching."""
    answer = None
    while True:
        try:
            request = steps.send(answer)
        except StopIteration as end:
            result: T = end.value
            return result
        answer = request.compute_batch([request])[0]


def run_stream(stream: Stream[T]) -> Iterator[T]:
    """The outputs of one session's stream, computed on demand, without batching."""
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
            answer = item.compute_batch([item])[0]


def collect(stream: Stream[T]) -> Steps[list[T]]:
    """All outputs of a stream, returned at its end."""
    collected: list[T] = []
    answer = None
    while True:
        try:
            item = stream.send(answer)
        except StopIteration:
            return collected
        answer = None
        if isinstance(item, Output):
            collected.append(item.value)
        else:
            answer = yield item


def run_batch(work: Sequence[Steps[T]]) -> list[T | Exception]:
    """Runs the work of several sessions in shared batches; returns each result or the error that it raised.

    A batch that fails is repeated for each session separately, so that only the faulty one gets the error.
    """
    results: dict[int, T | Exception] = {}
    waiting: dict[int, Request] = {}

    def resume(number: int, answer: Any) -> None:
        waiting.pop(number, None)
        try:
            steps = work[number]
            waiting[number] = steps.throw(answer) if isinstance(answer, Exception) else steps.send(answer)
        except StopIteration as end:
            results[number] = end.value
        except Exception as error:
            results[number] = error

    for number in range(len(work)):
        resume(number, None)
    while waiting:
        group = _next_group(waiting)
        for number, answer in zip(group, compute([waiting[number] for number in group]), strict=True):
            resume(number, answer)
    return [results[number] for number in range(len(work))]


def _next_group(waiting: dict[int, Request]) -> list[int]:
    first = min(waiting.values(), key=lambda request: request.stage)
    return [number for number, request in waiting.items() if can_share_batch(request, first)]


def can_share_batch(one: Request, other: Request) -> bool:
    """Whether the two requests can be computed in one batch."""
    return type(one) is type(other) and one.batch_key() == other.batch_key()


def compute(requests: Sequence[Request]) -> Sequence[Any]:
    """The results of requests of one kind; for each its result, or the error that it raises by itself."""
    try:
        return requests[0].compute_batch(requests)
    except Exception as error:
        if len(requests) == 1:
            return [error]
        return [compute([request])[0] for request in requests]
