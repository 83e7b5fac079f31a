"""Tools for timers and reminders, which the session's book keeps (`toolbox.Reminders`)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

from dialogue.errors import BadInput
from dialogue.text.time_words import span
from dialogue.tools.tool import Tool
from dialogue.tools.toolbox import Reminder, Reminders


class TimerTools:
    """Those of one session."""

    def __init__(self, book: Reminders, clock: Callable[[], datetime]) -> None:
        self._book, self._clock = book, clock

    def all(self) -> list[Tool]:
        return [Tool.of(each) for each in (self.set_timer, self.remind_at, self.list_timers, self.cancel_timer)]

    def set_timer(
        self,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        reminder: Annotated[str, "what to remind the user of; empty for a plain timer"] = "",
    ) -> dict[str, Any]:
        """Set a timer, or a reminder after some time. It is said aloud when it is due."""
        after_s = 3600 * hours + 60 * minutes + seconds
        return self._as_data(self._book.add(after_s, *timer_words(after_s, reminder)))

    def remind_at(
        self, time: Annotated[str, "of the day, as HH:MM"], reminder: Annotated[str, "what to remind the user of"]
    ) -> dict[str, Any]:
        """Set a reminder for a time of the day. It is said aloud when it is due."""
        now = self._clock()
        try:
            wanted = datetime.strptime(time.strip(), "%H:%M").time()
        except ValueError as odd:
            raise BadInput(f"{time!r} is no time of the day; write it as HH:MM") from odd
        due = now.replace(hour=wanted.hour, minute=wanted.minute, second=0, microsecond=0)
        after_s = ((due if due > now else due + timedelta(days=1)) - now).total_seconds()
        return self._as_data(self._book.add(after_s, *timer_words(after_s, reminder)))

    def list_timers(self) -> list[dict[str, Any]]:
        """List the timers and reminders that are not due yet."""
        return [self._as_data(each) for each in self._book.pending()]

    def cancel_timer(self, number: int) -> str:
        """Cancel a timer or reminder by its number."""
        cancelled = self._book.cancel(number)
        if cancelled is None:
            numbers = [each.number for each in self._book.pending()]
            raise BadInput(f"there is no timer {number}; there are {numbers}" if numbers else "there are no timers")
        return f"cancelled: {cancelled.about}"

    def _as_data(self, reminder: Reminder) -> dict[str, Any]:
        left = span(reminder.due - self._book.now())
        return {"number": reminder.number, "about": reminder.about, "due_in": left}


def timer_words(after_s: float, reminder: str) -> tuple[str, str]:
    """The name of a timer in a list, and the sentence spoken when it is due."""
    about = " ".join(reminder.split())[:200].rstrip(".")
    if about:
        return about, f"Here is your reminder: {about}."
    name = f"timer for {span(after_s)}"
    return name, f"Your {name} is up."
