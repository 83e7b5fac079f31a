"""The benchmarks by name, with the figures that the makers publish for MiniCPM.

The figures are those of the model pages of MiniCPM-V 2.5, V 2.6, o 2.6 and MiniCPM3, read on 2026-11-30. "*": with
chain-of-thought prompts, for MME in the cognition part only.
"""

from __future__ import annotations

from dialogue.evaluation import calls, films, long_texts, objects, pictures, recorded, retrieval
from dialogue.evaluation.benchmark import Benchmark

V25, V26, O26, TEXT3 = "MiniCPM-V 2.5", "MiniCPM-V 2.6", "MiniCPM-o 2.6", "MiniCPM3"
LETTER = 20  # tokens of an answer with a letter, as the makers allow

_PICTURES = (
    Benchmark(
        *("OCRBench", "right of 1,000", "OCRBench.tsv", pictures.reading_items, pictures.reading_score),
        figure=pictures.of_a_thousand,
        published={V25: "725", V26: "852*", O26: "897*"},
    ),
    Benchmark(
        *("MME", "accuracy and accuracy+, summed over categories", "MME.tsv"),
        *(pictures.yes_no_items("MME*.tsv"), pictures.yes_no_score),
        figure=pictures.mme,
        published={V25: "2024.6", V26: "2348.4*", O26: "2372.0*"},
    ),
    Benchmark(
        *("MMStar", "accuracy, %", "MMStar.tsv", pictures.option_items("MMStar*.tsv"), pictures.option_score),
        most_tokens=LETTER,
        published={V26: "57.5", O26: "64.0"},
    ),
    Benchmark(
        *("RealWorldQA", "accuracy, %", "RealWorldQA.tsv"),
        *(pictures.option_items("RealWorldQA*.tsv"), pictures.option_score),
        most_tokens=LETTER,
        published={V25: "63.5"},
    ),
    Benchmark(
        *("MMMU", "accuracy, %", "MMMU_DEV_VAL.tsv"),
        *(pictures.option_items("MMMU*.tsv", split="validation"), pictures.option_score),
        most_tokens=LETTER,
        published={V25: "45.8", V26: "49.8*", O26: "50.4*"},
    ),
    Benchmark(
        *("POPE", "F1 of yes, %", "POPE.tsv", pictures.yes_no_items("POPE*.tsv"), pictures.yes_no_score),
        figure=pictures.pope,
    ),
    Benchmark(
        *("ObjectHalBench", "descriptions with an absent thing, %", "obj_halbench_300_with_image.jsonl"),
        *(objects.object_items, objects.object_score),
        figure=objects.hallucinated,
        most_tokens=512,
        published={V25: "10.3", V26: "8.2"},
    ),
)
_OTHERS = (
    Benchmark(
        *("Video-MME", "accuracy without subtitles, %", "Video-MME.tsv", films.film_items, pictures.option_score),
        most_tokens=LETTER,
        published={V26: "60.9"},
    ),
    Benchmark(
        *("BFCL", "accuracy by syntax trees, %", "BFCL_*.json", calls.call_items, calls.call_score),
        most_tokens=256,
        published={TEXT3: "76.0 (all parts of version 2)"},
    ),
    Benchmark(
        *("InfiniteBench", "score of the task, %", "passkey.jsonl", long_texts.long_items, long_texts.long_score),
        answering="long text",
        published={TEXT3: "59.3 (mean of the tasks, LLM x MapReduce)"},
    ),
    Benchmark(
        *("MTEB-retrieval", "nDCG@10, %", "corpus.jsonl", retrieval.retrieval_items, retrieval.retrieval_score),
        answering="search",
        nothing="[]",
    ),
    Benchmark(
        *("Full-Duplex-Bench", "floor taken where it should be, %", "*/ID/input.wav"),
        *(recorded.duplex_items, recorded.duplex_score),
        answering="recorded",
    ),
    Benchmark(
        *("eot-bench", "silences judged right, %", "rows.jsonl", recorded.turn_items, recorded.turn_score),
        answering="recorded",
    ),
    Benchmark(
        *("Omni-DuplexEval", "F1 of sayings in time, %", "events.jsonl", recorded.event_items, recorded.event_score),
        figure=recorded.event_f1,
        answering="recorded",
    ),
)
BENCHMARKS = {each.name.lower(): each for each in (*_PICTURES, *_OTHERS)}
