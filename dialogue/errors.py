"""The errors of the house, sorted by what the caller can do.

AssistantError
├── Busy          no place free now: try again, or tell the user to wait
├── EngineLost    this session is over: say why, close it; other sessions go on
└── BadInput      the client sent nonsense: answer with an error, keep the session

`audio` and `vision` raise ValueError only; `stream` and `ui` translate it to BadInput.
"""

from __future__ import annotations


class AssistantError(Exception):
    """Root of all errors meant for a user; its text is a sentence that says what to do."""


class Busy(AssistantError):
    """No place is free now."""


class EngineLost(AssistantError):
    """This session cannot go on."""


class BadInput(AssistantError):
    """What came in cannot be used; the session lives."""
