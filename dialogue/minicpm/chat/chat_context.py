"""What one session's cache holds of a chat with pictures, and the steps that bring it in line.

Every place of the context has a key: the id of a token, or a negative number for a row of a picture. Two layouts of a
history agree as far as their keys do, and so far nothing is computed twice. Methods run on the model's own thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from dialogue.llm.kv_cache import KVCache
from dialogue.llm.sampling import SamplingConfig
from dialogue.llm.token_context import TokenContext
from dialogue.minicpm.chat.conversation import HistoryTurn, lay_out
from dialogue.minicpm.chat.embedding import picture_spans
from dialogue.minicpm.chat.prompt import picture_text
from dialogue.minicpm.chat.request import EncodedPicture
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.vision.slicing import Plan

STRIDE = 1 << 20  # more rows than a picture can have
SLACK = 256  # rows of the cache beyond the limit: estimates of lengths are not exact


@dataclass(frozen=True, slots=True, eq=False)
class PictureRows:
    """A picture that was looked at: `features` (rows, hidden) in the order of its places in the prompt."""

    picture: EncodedPicture
    plan: Plan
    features: Tensor
    number: int  # no other picture of the session has it

    @property
    def tokens(self) -> int:
        """With the tags around it, and its number."""
        cols, rows = self.plan.grid or (0, 0)
        return len(self.features) + 2 * (1 + cols * rows) + rows + 12


def look(model: MiniCPM, rgb: NDArray[np.uint8], number: int) -> PictureRows:
    """One step: a picture through the tower, alone. Where slices see each other (2.5), it is those of one picture."""
    assert model.sight is not None
    plan, slices = model.sight.cut(rgb)
    return PictureRows(EncodedPicture(rgb), plan, model.sight.rows(slices).flatten(0, 1), number)


class ChatContext:
    """One session's; `limit` tokens are promised by whoever keeps the history."""

    def __init__(self, model: MiniCPM, limit: int) -> None:
        self._model = model
        self._rows = _Rows(model)
        self._context = TokenContext(self._rows, model.decoder.new_cache(limit + SLACK))

    def lay_out(
        self, turns: Sequence[HistoryTurn], seen: Mapping[EncodedPicture, PictureRows], replying: bool
    ) -> list[int]:
        """The keys of a history; `replying`: with the beginning of the assistant's next turn."""
        model, text, order = self._model, "", list[PictureRows]()
        numbered = bool(model.config.get("use_image_id", not model.kind.nested))
        parts = lay_out(model.kind, turns, model.words)
        for part in parts if replying else parts[:-1]:
            if isinstance(part, str):
                text += part
            elif isinstance(part, EncodedPicture):
                number = len(order) if numbered else None
                assert model.sight is not None
                text += picture_text(seen[part].plan, model.sight.queries, model.kind.nested, number)
                order.append(seen[part])
        self._rows.features = {each.number: each.features for each in order}
        keys = model.words.encode(text)
        rows = [-1 - each.number * STRIDE - row for each in order for row in range(len(each.features))]
        begun = 0
        for start, end in picture_spans(keys, model.words, model.kind.nested):
            keys[start:end] = rows[begun : begun + end - start]
            begun += end - start
        assert begun == len(rows), "a place in the prompt for every row of a picture"
        return keys

    def follow(self, keys: Sequence[int], ready: bool) -> int:
        """One chunk of prefill towards `keys`; returns how many are still to come."""
        return self._context.follow(keys, ready)

    def choose(self, sampling: SamplingConfig) -> int:
        """The first token of a reply; `follow(..., ready=True)` has come to its end."""
        return self._context.choose(sampling, ())

    def advance(self, token: int, sampling: SamplingConfig, said: Sequence[int]) -> int:
        """The chosen token becomes part of the context; returns the one after it."""
        return self._context.advance(token, sampling, said)


class _Rows:
    """The decoder of a TokenContext, fed with keys."""

    def __init__(self, model: MiniCPM) -> None:
        self._decoder, self._scale = model.decoder, model.text_scale
        self.rotary = model.decoder.rotary
        self.features: dict[int, Tensor] = {}  # of the pictures of the last layout

    def forward(self, cache: KVCache, keys: Tensor) -> Tensor:
        rows = self._decoder.embed(keys.clamp(min=0)) * self._scale
        places = -1 - keys
        for number in (places[keys < 0] // STRIDE).unique().tolist():
            here = (keys < 0) & (places // STRIDE == number)
            rows[here.to(rows.device)] = self.features[number][places[here] % STRIDE].to(rows)
        return self._decoder.forward(cache, rows)

    def logits(self, hidden: Any) -> Tensor:
        return self._decoder.logits(hidden)
