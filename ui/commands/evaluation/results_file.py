"""The answers and scores of a run, one line each, so that a stopped run goes on and every score can be looked at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from dialogue.errors import BadInput
from dialogue.evaluation.benchmark import BenchmarkItem, Scored


class ResultsFile:
    """Raises BadInput for a file of another benchmark or model. A line that was cut off is asked again."""

    def __init__(self, path: Path, benchmark: str, who: str) -> None:
        self._path, self.scored = path, list[Scored]()
        head = {"benchmark": benchmark, "answered_by": who}
        if path.exists() and (written := path.read_text(encoding="utf-8").splitlines()):
            try:
                if json.loads(written[0]) != head:
                    raise BadInput(f"{path} has results of something else; name another file with --results.")
                kept = [line for line in written[1:] if _is_whole(line)]
            except ValueError as odd:
                raise BadInput(f"{path} is no file of results; name another one with --results.") from odd
            self.scored = [_read(line) for line in kept]
            path.write_text("\n".join([written[0], *kept]) + "\n", encoding="utf-8")
        else:
            path.write_text(json.dumps(head) + "\n", encoding="utf-8")
        self._keys = {each.key for each in self.scored}

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def add(self, item: BenchmarkItem, answer: str, score: Sequence[float]) -> None:
        line = {"key": item.key, "group": item.group, "score": list(score), "answer": answer}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.scored.append(Scored(item.key, item.group, tuple(score)))
        self._keys.add(item.key)


def _is_whole(line: str) -> bool:
    try:
        return bool(json.loads(line))
    except ValueError:
        return False


def _read(line: str) -> Scored:
    value = json.loads(line)
    return Scored(value["key"], value["group"], tuple(value["score"]))
