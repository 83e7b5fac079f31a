"""OCR: reads Chinese and English text in a picture with RapidOCR's models.

Lines are detected in the picture reduced to 640 pixels and recognised in the full picture. A part with small text is
enlarged, and its lines are detected and recognised again; the more certain of two readings of a line is kept.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from vision.box import Box, cut
from vision.picture import Pixels
from vision.reading.quoted import cleaned
from vision.reading.signs import in_reading_order
from vision.reading.small_print import part_with_small_print
from vision.reading.spacing import with_gaps
from vision.reading.text_line import TextLine

Quad = NDArray[np.float32]  # (4, 2) corners of a line in pixels: top left, top right, bottom right, bottom left

_SIDE = 640  # pixels of the longer side of the picture in which lines are detected
_PIXELS, _PIXELS_CLOSELY = 400_000, 1_600_000  # of the enlarged part in which small text is detected
_LINE_HEIGHT = 48  # pixels of a line's input, as in the model's training
_LONGEST_LINE = 30  # line heights; longer lines are squeezed
_MIN_SIDE = 8  # pixels; a smaller picture cannot contain text
_MAX_LINES = 40
_SURE, _SURE_OF_LETTER = 0.75, 0.9  # scores from which a line counts; any texture may look like one or two letters
_UPRIGHT = 1.5  # ratio of height to width from which a line is vertical
_SMALLEST = sys.float_info.min  # half of it is denormal
_SAME_LINE = 0.5  # share of a line inside another that makes them one


_Reading = tuple[TextLine, Quad]


class Reader:
    """The models, shared by all sessions and threads. RapidOCR's package contains them; nothing is downloaded."""

    def __init__(self, models: Path | None = None) -> None:
        """`models` is a folder to use instead of the package's. Raises ValueError if a model is missing in it."""
        import rapidocr  # takes a second, so it is imported only when needed

        folder = models or Path(rapidocr.__file__).parent / "models"
        settings = {
            "Global.log_level": "critical",
            "Global.use_cls": False,  # text is too rarely upside down to check for it
            "Global.use_preprocess_img": False,
            "Global.use_vertical_padding": False,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,  # it keeps 100 MB, and saves a tenth of the time
            "Det.model_path": _model(folder, "PP-OCRv6_det_small.onnx"),
            "Det.limit_type": "max",
            "Det.limit_side_len": 4 * _SIDE,  # `_find` reduces the picture
            "Rec.model_path": _model(folder, "PP-OCRv6_rec_small.onnx"),
        }
        self._finder: Any = rapidocr.RapidOCR(params={**settings, "Global.use_rec": False})
        self._recogniser: Any = rapidocr.RapidOCR(params={**settings, "Global.use_det": False})
        self._recogniser.return_word_box = True  # also the place of each letter in its line

    def read(self, rgb: Pixels, closely: bool = False) -> list[TextLine]:
        """The lines in reading order. `closely` searches for small text with four times the effort.

        Blocks for 0.1 to 0.5 s, closely up to 1.5 s.
        """
        height, width = rgb.shape[:2]
        if min(height, width) < _MIN_SIDE:
            return []
        with _without_denormals():
            readings = self._read(rgb, closely)
        return in_reading_order([line for line, _ in _surest(readings)])

    def warm_up(self) -> None:
        """Reads a test picture, so that the models load and allocate their memory."""
        picture = np.full((480, 640, 3), 255, np.uint8)
        cv2.putText(picture, "warm up", (80, 240), cv2.FONT_HERSHEY_SIMPLEX, 3, (0, 0, 0), 6)
        self.read(picture)

    def _read(self, rgb: Pixels, closely: bool) -> list[_Reading]:
        """One or two passes; a line that both find is read twice."""
        height, width = rgb.shape[:2]
        scale = min(1.0, _SIDE / max(height, width))
        quads = self._find(rgb, scale)
        readings = self._recognise(rgb, quads)
        found = [(_box_of(quad, width, height), _sides(quad)[1]) for quad in quads]
        part = part_with_small_print(rgb, found, scale, _PIXELS_CLOSELY if closely else _PIXELS)
        if part:
            corner = np.array([int(part.box[0] * width), int(part.box[1] * height)], np.float32)
            again = [quad + corner for quad in self._find(cut(rgb, part.box), part.zoom)]
            readings += self._recognise(rgb, again)
        return readings

    def _find(self, rgb: Pixels, scale: float) -> list[Quad]:
        """Corners of lines in pixels of `rgb`, detected in a copy `scale` times as large."""
        size = max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        copy = rgb if scale == 1 else cv2.resize(rgb, size, interpolation=how)
        if min(size) < _MIN_SIDE:
            return []
        found = self._finder(copy[:, :, ::-1])
        quads = [] if found.boxes is None else found.boxes
        return [np.asarray(quad, np.float32) / np.float32(scale) for quad in quads[:_MAX_LINES]]

    def _recognise(self, rgb: Pixels, quads: Sequence[Quad]) -> list[_Reading]:
        """The lines that are read with some certainty. Vertical ones are read upwards and downwards."""
        ways = [way for quad in quads for way in _ways_to_read(quad)]
        if not ways:
            return []
        read = self._recogniser.recognize_txt([_straightened(rgb, way)[:, :, ::-1] for way in ways])
        height, width = rgb.shape[:2]
        readings = [
            (_line(with_gaps(text, _columns(words)), float(score), way, width, height), way)
            for text, score, words, way in zip(read.txts, read.scores, read.word_results, ways, strict=True)
        ]
        return [reading for reading in readings if _is_read(reading[0])]


def _model(folder: Path, name: str) -> str:
    path = folder / name
    if not path.is_file():
        raise ValueError(f"The OCR model {name} is not in {folder}: install rapidocr 3.10 again; its wheel has it.")
    return str(path)


@contextmanager
def _without_denormals() -> Iterator[None]:
    """Flushes numbers below 1e-38 to zero, in this thread.

    Some weights of the line detector are that small; on x86 they take three times as long as all others together.
    """
    before = _SMALLEST * 0.5 == 0.0
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


def _sides(quad: Quad) -> tuple[float, float]:
    """Length and height of a line in pixels."""
    return float(np.linalg.norm(quad[1] - quad[0])), float(np.linalg.norm(quad[2] - quad[1]))


def _ways_to_read(quad: Quad) -> list[Quad]:
    """The corners in reading order; both orders for a vertical line."""
    along, across = _sides(quad)
    return [quad] if across < _UPRIGHT * along else [np.roll(quad, -1, axis=0), np.roll(quad, 1, axis=0)]


def _straightened(rgb: Pixels, quad: Quad) -> Pixels:
    """One line made horizontal, at the height that the model reads: (48, w, 3)."""
    along, across = _sides(quad)
    width = round(_LINE_HEIGHT * along / max(1.0, across))
    width = min(max(width, _MIN_SIDE), _LONGEST_LINE * _LINE_HEIGHT)
    corners = np.array([[0, 0], [width, 0], [width, _LINE_HEIGHT], [0, _LINE_HEIGHT]], np.float32)
    mapping = cv2.getPerspectiveTransform(np.ascontiguousarray(quad, np.float32), corners)
    line = cv2.warpPerspective(
        rgb, mapping, (width, _LINE_HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(line, np.uint8)


def _line(text: str, score: float, quad: Quad, width: int, height: int) -> TextLine:
    return TextLine(cleaned(text), score, _box_of(quad, width, height), _slope(quad, width, height))


def _columns(words: Any) -> list[int]:
    """The places of a line's visible characters, from left to right, in steps of the recogniser."""
    return [column for columns in words.word_cols for column in columns] if words is not None else []


def _box_of(quad: Quad, width: int, height: int) -> Box:
    left, top = (quad.min(0) / (width, height)).clip(0, 1).tolist()
    right, bottom = (quad.max(0) / (width, height)).clip(0, 1).tolist()
    return left, top, right, bottom


def _slope(quad: Quad, width: int, height: int) -> float:
    """How far a line falls over the whole width, as a share of the height; 0 for a steep one."""
    along, down = (float(step) for step in quad[1] - quad[0])
    return down / along * width / height if abs(down) < along else 0.0


def _is_read(line: TextLine) -> bool:
    count = sum(character.isalnum() for character in line.text)
    return count > 0 and line.score >= (_SURE if count > 2 else _SURE_OF_LETTER)


def _surest(readings: Sequence[_Reading]) -> list[_Reading]:
    """The best reading of each line."""
    kept: list[_Reading] = []
    for line, quad in sorted(readings, key=lambda reading: -reading[0].score * min(len(reading[0].text), 8)):
        if all(_share_common(quad, other) < _SAME_LINE for _, other in kept):
            kept.append((line, quad))
    return kept


def _share_common(a: Quad, b: Quad) -> float:
    """The share of the smaller of two lines that lies in the other, 0..1."""
    smaller = min(cv2.contourArea(a), cv2.contourArea(b))
    return float(cv2.intersectConvexConvex(a, b)[0] / smaller) if smaller else 1.0
