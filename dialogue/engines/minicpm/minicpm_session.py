"""What the sessions of both MiniCPM-o engines share: marks to rewind to, the smallest context, repeatable draws."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Generic, Protocol, TypeVar

import torch

from dialogue.engine import Mark, Runner
from dialogue.errors import BadInput, EngineLost
from dialogue.memory.spoken_conversation_log import SpokenConversationLog
from dialogue.minicpm.checkpoints.model import MiniCPM

MARKS_KEPT = 64  # more than one turn makes
MIN_CONTEXT_TOKENS = 384


class Rewindable(Protocol):
    """A model session that can return to an earlier point."""

    def mark(self) -> Any: ...
    def rewind(self, place: Any, /) -> None: ...


S = TypeVar("S", bound=Rewindable)


class SessionMarks(Generic[S]):
    """The newest marks of a model session and its conversation log, by serial number. Runs on the model's thread."""

    def __init__(self, log: SpokenConversationLog) -> None:
        self._log = log
        self._places: OrderedDict[int, tuple[Any, int]] = OrderedDict()  # of the session (None: unopened), of the log
        self._next = 0

    def add(self, session: S | None) -> Mark:
        """Mark the current point. `session` is None until the model session is opened."""
        mark = Mark(self._next, self._next)
        self._places[self._next] = None if session is None else session.mark(), self._log.position
        self._next += 1
        while len(self._places) > MARKS_KEPT:
            self._places.popitem(last=False)
        return mark

    def rewind(self, mark: Mark, session: S | None) -> S | None:
        """Rewind the log and the session, which is returned: None where it was not open at the mark.

        The mark stays valid, later ones do not. Raises EngineLost for a mark that is no longer kept.
        """
        if mark.serial not in self._places:
            raise EngineLost("The conversation cannot be rewound that far: its mark is gone. Start a new one.")
        while next(reversed(self._places)) != mark.serial:
            self._places.popitem()
        place, position = self._places[mark.serial]
        self._log.rewind(position)
        if place is None or session is None:
            return None
        session.rewind(place)
        return session

    def clear(self) -> None:
        """Drop all marks. A mark may hold an audio encoder's cache, which is large."""
        self._places.clear()


class RewindableEngine(Generic[S]):
    """Marks, rewinds and closes the model session of an engine, which is None until it is opened."""

    _run: Runner
    _session: S | None
    _marks: SessionMarks[S]
    _conversation_log: SpokenConversationLog

    async def mark(self) -> Mark:
        return await self._run(self._mark)

    async def rewind(self, mark: Mark) -> None:
        await self._run(self._rewind, mark)

    async def close(self) -> None:
        """Free the session's cache once the running step is done."""
        await self._run(self._free)

    def _mark(self) -> Mark:
        return self._marks.add(self._session)

    def _rewind(self, mark: Mark) -> None:
        self._session = self._marks.rewind(mark, self._session)
        if self._session is not None:
            self._measure(self._session)
        self._forget_reply()

    def _free(self) -> None:
        self._session = None
        self._forget_reply()
        self._marks.clear()
        self._conversation_log.close()

    def _measure(self, session: S) -> None:
        """Count the context here and not in `context`, because only the model's thread may read its session."""
        raise NotImplementedError

    def _forget_reply(self) -> None:
        """What the engine holds of a reply that may be taken back."""
        raise NotImplementedError


def check_context_size(context_tokens: int, model: MiniCPM) -> None:
    """Raises BadInput for a context in which the instruction has no room."""
    if context_tokens < MIN_CONTEXT_TOKENS:
        raise BadInput(f"{model.kind.value} needs a context of at least {MIN_CONTEXT_TOKENS} tokens.")


def generator_for(model: MiniCPM, seed: int | None) -> torch.Generator | None:
    """The random generator of one session; None draws from torch's global one."""
    return None if seed is None else torch.Generator(model.decoder.device).manual_seed(seed)
