"""Video-MME (Fu et al. 2024): questions with options about films, in the table of VLMEvalKit and a folder of films."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from dialogue.evaluation.benchmark import BenchmarkItem
from dialogue.evaluation.files import found, table

_ASKED = (
    "Select the best answer to the following multiple-choice question based on the video. Respond with only the letter "
    "(A, B, C, or D) of the correct option."
)


def film_items(data: Path) -> Iterator[BenchmarkItem]:
    path = found(data, "Video-MME*.tsv", "*.tsv")
    for row in table(path):
        listed = [str(each) for each in ast.literal_eval(row["candidates"])]
        options = {text[:1]: text[2:].strip(" .") for text in listed}
        prompt = f"{_ASKED}\n{row['question']}\n{chr(10).join(listed)}\nThe best answer is:"
        film = path.parent / (row.get("video_path") or f"video/{row['video']}.mp4")
        expected = {"answer": row["answer"], "options": options}
        yield BenchmarkItem(row["index"], prompt, expected, row.get("duration", ""), (film,))
