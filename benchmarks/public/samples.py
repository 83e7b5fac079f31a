"""Writes a small self-made sample of every benchmark that `omnilive eval` reads, in the published formats.

    python benchmarks/public/samples.py FOLDER
    omnilive eval OCRBench --data FOLDER/OCRBench

The pictures are drawn here; no sample holds anything of a published set.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from dialogue.evaluation.benchmarks import BENCHMARKS

Row = Mapping[str, object]


def drawn(text: str) -> bytes:
    """A sign with a text, as PNG."""
    picture = np.full((120, 420, 3), 245, np.uint8)
    cv2.putText(picture, text, (20, 75), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (30, 30, 30), 4, cv2.LINE_AA)
    return bytes(cv2.imencode(".png", picture)[1])


def encoded(text: str) -> str:
    return base64.b64encode(drawn(text)).decode()


def write_table(path: Path, rows: Sequence[Row]) -> None:
    text = io.StringIO()
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, columns, delimiter="\t", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.getvalue(), encoding="utf-8")


def write_lines(path: Path, rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_pictures(folder: Path) -> None:
    reading = "Text Recognition"
    rows = [
        {
            "index": n,
            "image": encoded(word),
            "question": "what is written in the image?",
            "answer": str([word]),
            "category": reading,
        }
        for n, word in enumerate(("HARBOUR", "EXIT 42", "BAKERY"))
    ]
    write_table(folder / "OCRBench/OCRBench.tsv", rows)
    sign = {"index": 0, "image": encoded("OPEN"), "question": 'Is the word in the picture "OPEN"?', "answer": "Yes"}
    other = {"index": 1, "image": "0", "question": 'Is the word in the picture "SHUT"?', "answer": "No"}
    write_table(folder / "MME/MME.tsv", [{**each, "category": "OCR"} for each in (sign, other)])
    write_table(folder / "POPE/POPE.tsv", [{**each, "category": "adversarial"} for each in (sign, other)])
    options = {"A": "OPEN", "B": "SHUT", "C": "BANK", "D": "TAXI"}
    question = {**sign, "question": "Which word is in the picture?", **options, "answer": "A", "category": "signs"}
    write_table(folder / "MMStar/MMStar.tsv", [question])
    write_table(folder / "RealWorldQA/RealWorldQA.tsv", [question])
    write_table(folder / "MMMU/MMMU_DEV_VAL.tsv", [{**question, "split": "validation"}, {**question, "split": "dev"}])
    seen = {"image_id": 1, "image": encoded("TAXI"), "question": "Describe it.", "objects": ["car", "person"]}
    write_lines(folder / "ObjectHalBench/obj_halbench_300_with_image.jsonl", [seen])


def write_film(folder: Path) -> None:
    listed = "['A. A ship.', 'B. A sign.', 'C. A cat.', 'D. A tree.']"
    row = {"index": 0, "video": "made", "duration": "short", "candidates": listed, "question": "What is shown?"}
    write_table(folder / "Video-MME/Video-MME.tsv", [{**row, "video_path": "video/made.mp4", "answer": "B"}])
    (folder / "Video-MME/video").mkdir(exist_ok=True)
    name = str(folder / "Video-MME/video/made.mp4")
    writer = cv2.VideoWriter(name, cv2.VideoWriter.fourcc(*"mp4v"), 5, (420, 120))
    picture = cv2.imdecode(np.frombuffer(drawn("OPEN"), np.uint8), cv2.IMREAD_COLOR)
    for _ in range(10):
        writer.write(picture)
    writer.release()


def write_texts(folder: Path) -> None:
    parameters = {
        "type": "dict",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city"],
    }
    function = {"name": "weather", "description": "The weather of a city.", "parameters": parameters}
    asked = [[{"role": "user", "content": "What will the weather be in Oslo for 3 days?"}]]
    write_lines(folder / "BFCL/BFCL_v3_simple.json", [{"id": "simple_0", "question": asked, "function": [function]}])
    accepted = {"weather": {"city": ["Oslo"], "days": [3, ""]}}
    write_lines(folder / "BFCL/possible_answer/BFCL_v3_simple.json", [{"id": "simple_0", "ground_truth": [accepted]}])
    filler = "The grass is green. The sky is blue. The sun is yellow. " * 60
    context = f"{filler}The pass key is 71432. Remember it. 71432 is the pass key. {filler}"
    line = {"id": 0, "context": context, "input": "What is the pass key?", "answer": ["71432"]}
    write_lines(folder / "InfiniteBench/passkey.jsonl", [line])
    documents = ("Bread is baked from flour.", "Whales are mammals of the sea.", "The Danube flows into the Black Sea.")
    write_lines(
        folder / "MTEB-retrieval/corpus.jsonl",
        [{"_id": f"d{n}", "title": "", "text": text} for n, text in enumerate(documents)],
    )
    write_lines(folder / "MTEB-retrieval/queries.jsonl", [{"_id": "q0", "text": "Are whales fish or mammals?"}])
    write_table(folder / "MTEB-retrieval/qrels/test.tsv", [{"query-id": "q0", "corpus-id": "d1", "score": 1}])


def write_recorded(folder: Path) -> None:
    words = {"turn_taking": 6, "pause_handling": 0}
    for task, count in words.items():
        sample = folder / "Full-Duplex-Bench" / task / "1"
        sample.mkdir(parents=True, exist_ok=True)
        (sample / "input.wav").touch()
        chunks = [{"text": "word", "timestamp": [n * 0.3, n * 0.3 + 0.2]} for n in range(count)]
        (sample / "output.json").write_text(json.dumps({"text": "", "chunks": chunks}))
    silences = [{"start": 1.0, "end": 1.5}, {"start": 3.0, "end": 5.0}]
    row = {"id": "r0", "audio": "r0.wav", "duration": 5.0, "silence_spans": silences, "words": [], "replied_at": 3.4}
    write_lines(folder / "eot-bench/rows.jsonl", [row])
    said = [{"at": 3.5, "text": "Someone came in."}, {"at": 20.5, "text": "Someone left."}]
    write_lines(
        folder / "Omni-DuplexEval/events.jsonl",
        [{"clip": "door.mp4", "rule": "who comes", "due": [3, 20], "said": said}],
    )


def write_samples(folder: Path) -> None:
    """A folder for each benchmark, with its name."""
    for write in (write_pictures, write_film, write_texts, write_recorded):
        write(folder)
    assert {each.name for each in BENCHMARKS.values()} == {path.name for path in folder.iterdir()}


if __name__ == "__main__":
    write_samples(Path(sys.argv[1]))
