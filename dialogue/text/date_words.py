"""Says when something was, by the calendar: "today at 9:05", "yesterday at 17:40", "on November 3 at 8:15". Pure."""

from __future__ import annotations

from datetime import datetime


def on_the_day(moment: datetime, now: datetime) -> str:
    """The day and the time of `moment`, as a person would say it at `now`."""
    days = (now.date() - moment.date()).days
    time = f"at {moment.hour}:{moment.minute:02}"
    if days <= 1:
        return f"{'yesterday' if days == 1 else 'today'} {time}"
    if days < 7:
        return f"on {moment:%A} {time}"
    date = f"on {moment:%B} {moment.day}"
    return f"{date} {time}" if moment.year == now.year else f"{date}, {moment.year}, {time}"
