"""Continuous batching: replies of several sessions share the passes of the model.

A reply is a stream (`batching.py`) of unknown length. Each session drives its own reply, a few passes at a time, in
the order in which the sessions reach the model's thread; each pass includes the other replies with compatible requests.
A single reply never waits; one that joins waits for at most one turn of each of the others; one that leaves is in no
further pass. Starts no task and no thread.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from dialogue.llm.batching import Output, Request, Stream, can_share_batch, compute

T = TypeVar("T")

PASSES = 5  # per turn: many enough to outweigh the switch of threads, few enough that other sessions wait briefly
AHEAD = 4  # outputs that the turns of other sessions may compute for a session before it fetches them


class BatchMember(Generic[T]):
    """One session's reply."""

    def __init__(self, stream: Stream[T]) -> None:
        self._stream = stream
        self._begun = False
        self._error: Exception | None = None
        self.request: Request | None = None  # the pending request; None before the start and after the end
        self.made: list[T] = []  # outputs not fetched yet

    def begin(self) -> None:
        if not self._begun:
            self._begun = True
            self.resume(None)

    def resume(self, answer: Any) -> None:
        """Runs the stream up to its next request, with the result of the last one or the error that it raised."""
        self.request = None
        try:
            item = self._stream.throw(answer) if isinstance(answer, Exception) else self._stream.send(answer)
            while isinstance(item, Output):
                self.made.append(item.value)
                item = self._stream.send(None)
            self.request = item
        except StopIteration:
            pass
        except Exception as error:
            self._error = error

    def fetch(self) -> list[T] | None:
        """The outputs so far; None at the end. Raises the stream's error after its outputs have been fetched."""
        made, self.made = self.made, []
        if not made and self._error is not None:
            raise self._error
        return made if made or self.request is not None else None


class ContinuousBatch:
    """The batch of one model. `join` and `leave` may be called on any thread, `run_turn` on the model's thread."""

    def __init__(self) -> None:
        self._parts: list[BatchMember[Any]] = []

    def join(self, stream: Stream[T]) -> BatchMember[T]:
        part = BatchMember(stream)
        self._parts.append(part)
        return part

    def leave(self, part: BatchMember[T]) -> None:
        """Removes a reply, at once or after the current pass."""
        self._parts.remove(part)

    def run_turn(self, part: BatchMember[T], passes: int = PASSES) -> list[T] | None:
        """Runs one turn, at most `passes`; returns the new outputs of this reply, possibly none yet; None at
        its end.

        Raises what its stream raises.
        """
        part.begin()
        for count in range(passes):
            if part.made or part.request is None or part not in self._parts:
                break
            self._compute(part, own=count == passes - 1)
        return part.fetch()

    def _compute(self, part: BatchMember[Any], own: bool) -> None:
        """Runs a pass for this reply, or for those at an earlier stage, so that they meet and share later passes.

        The last pass of a turn is always the reply's `own`.
        """
        ready = {each: each.request for each in [*self._parts] if each.request is not None and len(each.made) < AHEAD}
        if part.request is None:
            return
        first = part.request if own else min(ready.values(), key=lambda request: request.stage, default=part.request)
        group = {each: request for each, request in ready.items() if can_share_batch(request, first)}
        for each, answer in zip(group, compute([*group.values()]), strict=True):
            each.resume(answer)
