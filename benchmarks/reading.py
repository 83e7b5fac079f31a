"""Measures reading: the character error rate on drawn signs, receipts, menus, tables and paragraphs.

Every page is drawn at 12 to 32 pixels as a camera sees it, with mild blur, perspective, uneven light and
noise, and read closely, as for a question about text. Rows that come apart count as errors: the text is compared row
by row as a person reads it. Spaces count; a line break counts as one character.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.reading_pages.drawing import drawn, fits
from benchmarks.reading_pages.pages import random_page
from benchmarks.report import benchmark_parser, report
from vision.reading.read_text import Reader
from vision.reading.text_line import page_text


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--pages", type=int, default=100, help="pages to draw and read (default 100)")
    parser.add_argument("--seed", type=int, default=1, help="of the pages (default 1)")
    parser.add_argument("--worst", type=int, default=0, help="print the N pages read worst")
    options = parser.parse_args()
    random, reader = Random(options.seed), Reader()
    reader.warm_up()
    errors, characters = defaultdict[str, int](int), defaultdict[str, int](int)
    took, worst = list[float](), list[tuple[float, str, str]]()
    for _ in range(options.pages):
        page, size = random_page(random), random.choice((12, 14, 16, 20, 24, 32))
        while not fits(page, size):
            size -= 2
        rgb = drawn(page, size, random)
        began = time.perf_counter()
        read = page_text(reader.read(rgb, closely=True))
        took.append(time.perf_counter() - began)
        wrong = edit_distance(read, page.text.replace("  ", " "))
        for key in ("all", page.kind, f"{size}px"):
            errors[key] += wrong
            characters[key] += len(page.text)
        worst.append((wrong / len(page.text), f"{page.kind} {size}px\n{page.text}", read))
    for rate, asked, read in sorted(worst, reverse=True)[: options.worst]:
        print(f"--- {rate:.3f} {asked}\n=== read as\n{read}\n")
    rates = {key: errors[key] / characters[key] for key in characters}
    figures = {"cer": rates.pop("all"), "read_s_median": statistics.median(took), "pages": options.pages}
    report(figures | {f"cer_{key}": rate for key, rate in sorted(rates.items())}, options.json)


def edit_distance(a: str, b: str) -> int:
    """The insertions, deletions and substitutions of characters between two texts (Levenshtein)."""
    row = list(range(len(b) + 1))
    for at, letter in enumerate(a, 1):
        corner, row[0] = row[0], at
        for other, wanted in enumerate(b, 1):
            corner, row[other] = row[other], min(row[other] + 1, row[other - 1] + 1, corner + (letter != wanted))
    return row[-1]


if __name__ == "__main__":
    main()
