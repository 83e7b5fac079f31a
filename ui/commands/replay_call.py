"""`omnilive replay CALL`: runs a recorded call through turn-taking again, as it was or with other settings."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from statistics import mean
from textwrap import wrap
from typing import TYPE_CHECKING

from dialogue.errors import BadInput
from ui.local.terminal_captions import line_time

if TYPE_CHECKING:
    from stream.recording.recorded_call import RecordedCall
    from stream.recording.turn_replay import ReplayStep

Line = tuple[float, str]  # seconds of the call, text

WIDTH = 58  # columns of one side of a comparison
EXIT_DIFFERENT = 1


def add_call_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("recorded calls", "for a folder that `omnilive run --record DIR` wrote")
    group.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="NAME=VALUE",
        help="what would have been decided with another setting: endpointing.patience (seconds of silence that end "
        "every turn), endpointing.silence, endpointing.pause or endpointing.threshold; may be given several times",
    )
    group.add_argument("--compare", action="store_true", help="print the call as it was beside what --set changes")


def replay_call(options: argparse.Namespace) -> int:
    """Prints the decisions of a recorded call; returns 1 where they are not the recorded ones."""
    from stream.recording.recorded_call import read_call
    from stream.recording.turn_replay import first_difference, replayed

    if options.compare and not options.settings:
        raise BadInput("--compare needs --set NAME=VALUE.")
    call = read_call(options.file)
    steps = replayed(call)
    if (difference := first_difference(call, steps)) is not None:
        was, now = difference
        print(f"at {line_time(was.at).strip()} the call decided {list(was.decisions)}, now {list(now.decisions)}")
        return EXIT_DIFFERENT
    sides = [steps] if not options.settings else [steps, _changed(call, options.settings)]
    if options.json:
        print(json.dumps([{**figures(side), "reasons": _reasons(side)} for side in sides]))
        return 0
    decisions = sum(len(taken.decisions) for taken in call.taken)
    print(f"{options.file.name}: {len(call.taken):,} events, {decisions} decisions, the same again")
    if call.lost:
        print(f"{call.lost:,} writes of the recording were lost")
    titles = ["as it was", ", ".join(options.settings)]
    if options.compare:
        print("", *side_by_side(titles, [list(reason_lines(side)) for side in sides]), sep="\n")
    else:
        print("", *(f"{line_time(at)}  {text}" for at, text in reason_lines(sides[-1])), sep="\n")
    print("", *summary(titles, sides), sep="\n")
    return 0


def _changed(call: RecordedCall, settings: Sequence[str]) -> list[ReplayStep]:
    """What would have been decided with settings NAME=VALUE. Raises BadInput."""
    from stream.recording.turn_replay import what_if, with_setting

    patience = call.patience()
    for setting in settings:
        name, _, text = setting.partition("=")
        try:
            value = float(text)
        except ValueError:
            raise BadInput(f"--set takes NAME=NUMBER, not {setting!r}.") from None
        patience = with_setting(patience, name.strip(), value)
    return what_if(call, patience)


def reason_lines(steps: Sequence[ReplayStep]) -> Iterator[Line]:
    """What was decided and why."""
    for step in steps:
        for turn, kind, text in step.reasons:
            yield step.at, f"turn {turn} {kind.replace('_', ' ')}: {text}"


def side_by_side(titles: Sequence[str], sides: Sequence[Sequence[Line]]) -> Iterator[str]:
    """The lines of two sides in order of time; those of the same time in one row."""
    yield f"{'':10}{titles[0]:{WIDTH}}  {titles[1]}"
    left, right = ({at: [text for when, text in side if when == at] for at, _ in side} for side in sides)
    for at in sorted({*left, *right}):
        columns = [[row for text in side.get(at, []) for row in wrap(text, WIDTH)] for side in (left, right)]
        for number in range(max(map(len, columns))):
            cells = [column[number] if number < len(column) else "" for column in columns]
            yield f"{line_time(at) if number == 0 else '':10}{cells[0]:{WIDTH}}  {cells[1]}".rstrip()


def figures(steps: Sequence[ReplayStep]) -> dict[str, float]:
    """How often each kind of reason was given, and the mean silence that ended the user's turns, in ms."""
    from stream.turns.decisions import Answer, SpokenQuestion

    counts: dict[str, float] = {}
    for step in steps:
        for _, kind, _ in step.reasons:
            counts[kind] = counts.get(kind, 0) + 1
    decided = [each.question for step in steps for each in step.decisions if isinstance(each, Answer)]
    silences = [asked.until - asked.stopped_at for asked in decided if isinstance(asked, SpokenQuestion)]
    return {**counts, "silence_ms_mean": round(1000 * mean(silences))} if silences else counts


def summary(titles: Sequence[str], sides: Sequence[Sequence[ReplayStep]]) -> Iterator[str]:
    """A table of the figures of one side or two."""
    columns = [figures(side) for side in sides]
    yield f"{'':24}" + "".join(f"{title:>28}" for title, _ in zip(titles, columns, strict=False))
    for name in sorted({name for column in columns for name in column}):
        yield f"{name.replace('_', ' '):24}" + "".join(f"{column.get(name, 0):>28g}" for column in columns)


def _reasons(steps: Sequence[ReplayStep]) -> list[dict[str, object]]:
    return [
        {"at": round(step.at, 3), "turn": turn, "kind": kind, "text": text}
        for step in steps
        for turn, kind, text in step.reasons
    ]
