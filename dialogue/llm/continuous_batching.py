"""Answers of several sessions, made in passes of the model that all take part in who need the same.

An answer is a stream of work (`together.py`) of which nobody knows how long it will be. Each is driven by its own
session, a few passes at a time, in the order in which the sessions come to the model's thread; whoever's turn it is
takes the others along. So one that is alone waits for nobody, one that joins waits for no more than the passes of one
turn of each of the others, and one that leaves is in no further pass. No task, no thread, no clock.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from dialogue.llm.batching import Output, Request, Stream, answers, of_one_kind

T = TypeVar("T")

PASSES = 5  # of one turn: a visit of the thread is short beside them, and whoever waits does not wait for long
AHEAD = 4  # what is made for a session by the turns of others before it is fetched


class BatchMember(Generic[T]):
    """One session's answer."""

    def __init__(self, stream: Stream[T]) -> None:
        self._stream = stream
        self._begun = False
        self._error: Exception | None = None
        self.request: Request | None = None  # what it waits for; none before it begins and after its end
        self.made: list[T] = []  # and not fetched yet

    def begin(self) -> None:
        if not self._begun:
            self._begun = True
            self.go_on(None)

    def go_on(self, answer: Any) -> None:
        """Up to its next request, with the answer to the last one, or with what that raised."""
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
        """What has been made; None at the end. Raises what the stream raised, once all before it is fetched."""
        made, self.made = self.made, []
        if not made and self._error is not None:
            raise self._error
        return made if made or self.request is not None else None


class ContinuousBatch:
    """Of one model. `join` and `leave` may be called anywhere, `go_on` on the model's thread."""

    def __init__(self) -> None:
        self._parts: list[BatchMember[Any]] = []

    def join(self, stream: Stream[T]) -> BatchMember[T]:
        part = BatchMember(stream)
        self._parts.append(part)
        return part

    def leave(self, part: BatchMember[T]) -> None:
        """At once, or when the pass that is being computed is over."""
        self._parts.remove(part)

    def go_on(self, part: BatchMember[T]) -> list[T] | None:
        """A turn: what has been made of this answer since it was asked for last, maybe nothing yet; None at its end.
        Raises what its stream raises."""
        part.begin()
        for count in range(PASSES):
            if part.made or part.request is None or part not in self._parts:
                break
            self._compute(part, for_it=count == PASSES - 1)
        return part.fetch()

    def _compute(self, part: BatchMember[Any], for_it: bool) -> None:
        """A pass for this answer, or for those that are behind it: they meet, and share what follows. Its last pass
        of a turn is for itself."""
        able = {each: each.request for each in [*self._parts] if each.request is not None and len(each.made) < AHEAD}
        if part.request is None:
            return
        first = part.request if for_it else min(able.values(), key=lambda request: request.stage, default=part.request)
        group = {each: request for each, request in able.items() if of_one_kind(request, first)}
        for each, answer in zip(group, answers([*group.values()]), strict=True):
            each.go_on(answer)
