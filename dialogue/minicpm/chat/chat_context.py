"""The KV cache of one session's chat with pictures, brought in line with the history in steps.

Every position of the context has a key: a token id, or a negative number for a row of a picture. Prefill starts where
the keys of the new layout differ from the cached keys. Methods run on the model's thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from dialogue.llm.checkpoints.adapter import Adapter
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
SLACK = 256  # cache rows beyond the limit: length estimates are not exact


@dataclass(frozen=True, slots=True, eq=False)
class PictureRows:
    """An encoded picture: `features` (rows, hidden) in the order of its positions in the prompt."""

    picture: EncodedPicture
    plan: Plan
    features: Tensor
    number: int  # unique within the session

    @property
    def tokens(self) -> int:
        """Tokens of the picture in a prompt, its tags and number included."""
        cols, rows = self.plan.grid or (0, 0)
        return len(self.features) + 2 * (1 + cols * rows) + rows + 12


def encode_picture(model: MiniCPM, picture: EncodedPicture, number: int) -> PictureRows:
    """Encode one picture, alone. In 2.5, where slices attend to each other, only slices of this picture do."""
    assert model.vision is not None
    plan, slices = model.vision.cut(picture.rgb, picture.max_slices)
    return PictureRows(picture, plan, model.vision.rows(slices).flatten(0, 1), number)


class ChatContext:
    """The cache of one session; the owner of the history keeps it within `limit` tokens."""

    def __init__(self, model: MiniCPM, limit: int, adapter: Adapter | None = None) -> None:
        self._model = model
        self._rows = _Rows(model)
        cache = model.decoder.new_cache(limit + SLACK)
        cache.adapter = adapter
        self._context = TokenContext(self._rows, cache)

    def lay_out(
        self, turns: Sequence[HistoryTurn], seen: Mapping[EncodedPicture, PictureRows], replying: bool
    ) -> list[int]:
        """The keys of a history; `replying`: with the start of the assistant's next turn."""
        model, text, order = self._model, "", list[PictureRows]()
        numbered = bool(model.config.get("use_image_id", not model.kind.nested))
        parts = lay_out(model.kind, turns, model.words)
        for part in parts if replying else parts[:-1]:
            if isinstance(part, str):
                text += part
            elif isinstance(part, EncodedPicture):
                number = len(order) if numbered else None
                assert model.vision is not None
                text += picture_text(seen[part].plan, model.vision.queries, model.kind.nested, number)
                order.append(seen[part])
        self._rows.features = {each.number: each.features for each in order}
        keys = model.words.encode(text)
        rows = [-1 - each.number * STRIDE - row for each in order for row in range(len(each.features))]
        begun = 0
        for start, end in picture_spans(keys, model.words, model.kind.nested):
            keys[start:end] = rows[begun : begun + end - start]
            begun += end - start
        assert begun == len(rows), "the prompt has a position for every row of a picture"
        return keys

    def follow(self, keys: Sequence[int], ready: bool) -> int:
        """Prefill one chunk of `keys`; returns how many keys remain."""
        return self._context.follow(keys, ready)

    def choose(self, sampling: SamplingConfig) -> int:
        """The first token of a reply, after `follow(..., ready=True)` has returned 0."""
        return self._context.choose(sampling, ())

    def advance(self, token: int, sampling: SamplingConfig, said: Sequence[int]) -> int:
        """Append the chosen token to the context; returns the next token."""
        return self._context.advance(token, sampling, said)


class _Rows:
    """A decoder for `TokenContext` that takes keys instead of token ids."""

    def __init__(self, model: MiniCPM) -> None:
        self._decoder, self._scale = model.decoder, model.text_scale
        self.rotary = model.decoder.rotary
        self.features: dict[int, Tensor] = {}  # by number of the picture, for the last layout

    def forward(self, cache: KVCache, keys: Tensor) -> Tensor:
        rows = self._decoder.embed(keys.clamp(min=0)) * self._scale
        indices = -1 - keys
        for number in (indices[keys < 0] // STRIDE).unique().tolist():
            here = (keys < 0) & (indices // STRIDE == number)
            rows[here.to(rows.device)] = self.features[number][indices[here] % STRIDE].to(rows)
        return self._decoder.forward(cache, rows)

    def logits(self, hidden: Any) -> Tensor:
        return self._decoder.logits(hidden)
