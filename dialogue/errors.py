"""Errors, sorted by what the caller can do.

AssistantError
├── Busy          no capacity now: try again, or ask the user to wait
├── EngineLost    this session is over: say why, close it; other sessions go on
└── BadInput      the input is invalid: answer with an error, keep the session

`audio` and `vision` raise ValueError only; `stream` and `ui` translate it to BadInput.
"""

from __future__ import annotations


class AssistantError(Exception):
    """Root of all errors shown to a user; the text is a sentence that says what to do."""


class Busy(AssistantError):
    """There is no capacity now."""


class EngineLost(AssistantError):
    """This session cannot go on."""


class BadInput(AssistantError):
    """The input cannot be used; the session goes on."""
