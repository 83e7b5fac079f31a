"""Formats a session's events as lines for a terminal: captions with times, notices and latencies."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stream.runtime.budget import STAGES, percentile
from stream.runtime.events import (
    DeviceStopped,
    Expressed,
    Notice,
    ReplyEnded,
    ReplyText,
    SceneSeen,
    TurnTimed,
    UserCaption,
)
from stream.runtime.origins import ReplyCited, ReplyRecalled

NAMES = {stage: stage.replace("_", " ") for stage in STAGES}


@dataclass
class Captions:
    """Turns events into lines to print, and keeps the conversation and the latencies for a report."""

    show_scene: bool = False
    conversation: list[tuple[float, str, str]] = field(default_factory=list)  # time, who, text
    timed: list[TurnTimed] = field(default_factory=list)
    _scene: str = ""

    def lines(self, event: Expressed, now: float) -> Iterable[str]:
        match event:
            case UserCaption(_, text, True) if text:
                self.conversation.append((now, "you", text))
                yield line(now, "you", text)
            case ReplyRecalled(_, at):
                yield line(now, "recalls", f"what happened at {line_time(at).strip()}")
            case ReplyCited(_, source, text):
                yield line(now, "quotes", f"{source}: {text}")
            case ReplyEnded(_, said, heard, cut) if said:
                self.conversation.append((now, "omnilive", heard))
                yield line(now, "omnilive", f"{heard.strip()} [interrupted]" if cut else said.strip())
            case Notice(level, _, text):
                yield line(now, level, text)
            case DeviceStopped(device):
                yield line(now, "off", f"the {device}, as you asked; start again to switch it on")
            case SceneSeen(_, _, _, description) if self.show_scene and description != self._scene:
                self._scene = description
                yield line(now, "sees", description)
            case TurnTimed():
                self.timed.append(event)

    def print(self, event: Expressed, now: float) -> None:
        for each in self.lines(event, now):
            print(each, flush=True)


class TypedDialogue:
    """Prints the replies of a keyboard conversation while they are generated, and notices."""

    def __init__(self) -> None:
        self._replying = False

    def print(self, event: Expressed, _now: float) -> None:
        match event:
            case ReplyText(_, text):
                print(text if self._replying else f"omnilive> {text.lstrip()}", end="", flush=True)
                self._replying = True
            case ReplyEnded():
                print(flush=True)
                self._replying = False
            case Notice(_, _, text):
                print(text, file=sys.stderr, flush=True)


def line(at: float, who: str, text: str) -> str:
    return f"{line_time(at)}  {who:9} {text}"


def line_time(at: float) -> str:
    """Minutes and seconds of the call, right-aligned."""
    return f"{int(at // 60):3}:{at % 60:04.1f}"


def latency_table(timed: Sequence[TurnTimed]) -> list[str]:
    """A table of ms from the user's last sound to each stage: median and slowest of all turns, and the budget."""
    if not timed:
        return ["no answer was spoken"]
    head = "ms after the user's last sound"
    rows = [f"{head:34}{'median':>9}{'slowest':>9}{'budget':>9}   turns: {len(timed)}"]
    for stage, name in NAMES.items():
        marks = [turn.marks[stage] for turn in timed if stage in turn.marks]
        if marks:
            budget = timed[-1].budget.get(stage)
            limit = f"{budget * 1000:9.0f}" if budget is not None else f"{'':9}"
            rows.append(f"{name:34}{percentile(marks, 0.5) * 1000:9.0f}{max(marks) * 1000:9.0f}{limit}")
    return rows


def figures(timed: Sequence[TurnTimed]) -> Mapping[str, float]:
    """The median of each stage in ms, as {"STAGE_ms": value}."""
    by_stage = {stage: [turn.marks[stage] for turn in timed if stage in turn.marks] for stage in STAGES}
    return {f"{stage}_ms": round(percentile(marks, 0.5) * 1000, 1) for stage, marks in by_stage.items() if marks}
