"""Beam search: slower than sampling, and recommended by the makers of MiniCPM-V 2.5 for short factual answers.

Streaming sessions do not use it.
"""

from __future__ import annotations

from collections.abc import Collection, Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from dialogue.llm.decoder import Decoder
from dialogue.llm.kv_cache import KVCache
from dialogue.llm.sampling import penalise


@dataclass(slots=True, eq=False)
class _Beam:
    cache: KVCache
    tokens: list[int]
    score: float  # log probability
    row: Tensor  # hidden state after the last token


def beam_steps(
    decoder: Decoder, prompt: Tensor, limit: int, stop: Collection[int], beams: int, penalty: float
) -> Generator[None, None, list[int]]:
    """Returns the best continuation of `prompt` (rows (T, hidden)), including its stop token, if any.

    Scores are mean log probabilities; the search ends when no open beam can beat the worst of `beams` finished ones.
    Yields after each token of all beams, so that a caller can stop in between.
    """
    first = decoder.new_cache(len(prompt) + limit)
    row = decoder.forward(first, prompt)[-1]
    alive, finished = [_Beam(first, [], 0.0, row)], list[tuple[float, list[int]]]()
    for length in range(1, limit + 1):
        ranked = _ranked(decoder, alive, penalty, 2 * beams)
        following: list[tuple[float, _Beam, int]] = []
        for place, (score, beam, token) in enumerate(ranked):
            if token not in stop:
                following.append((score, beam, token))
            elif place < beams:
                finished.append((score / length, [*beam.tokens, token]))
        finished = sorted(finished, key=lambda done: done[0], reverse=True)[:beams]
        following = following[:beams]
        if not following or (len(finished) == beams and finished[-1][0] >= following[0][0] / length):
            break
        if length == limit:
            finished += [(score / length, [*beam.tokens, token]) for score, beam, token in following]
            break
        alive = _continued(decoder, following)
        yield
    return max(finished, key=lambda done: done[0])[1]


def _ranked(decoder: Decoder, alive: list[_Beam], penalty: float, count: int) -> list[tuple[float, _Beam, int]]:
    """The best next tokens over all beams."""
    scores = []
    for beam in alive:
        logs = decoder.logits(beam.row).log_softmax(-1)
        scores.append(beam.score + (penalise(logs, beam.tokens, penalty) if beam.tokens else logs))
    joined = torch.stack(scores)
    best = joined.flatten().topk(min(count, joined.numel()))
    size = joined.shape[1]
    pairs = zip(best.values.tolist(), best.indices.tolist(), strict=True)
    return [(score, alive[index // size], index % size) for score, index in pairs]


def _continued(decoder: Decoder, chosen: list[tuple[float, _Beam, int]]) -> list[_Beam]:
    """Feeds each chosen token to its own cache; the first continuation of a beam takes over the beam's cache."""
    taken: set[int] = set()
    beams: list[_Beam] = []
    for score, beam, token in chosen:
        cache = beam.cache if id(beam) not in taken else _copied(decoder, beam.cache)
        taken.add(id(beam))
        beams.append(_Beam(cache, [*beam.tokens, token], score, beam.row))
    rows = decoder.forward_batch([beam.cache for beam in beams], [torch.tensor(beam.tokens[-1:]) for beam in beams])
    for beam, row in zip(beams, rows, strict=True):
        beam.row = row[-1]
    return beams


def _copied(decoder: Decoder, cache: KVCache) -> KVCache:
    copy = decoder.new_cache(cache.capacity)
    copy.adapter = cache.adapter
    copy.storage[:, :, :, : cache.length] = cache.storage[:, :, :, : cache.length]
    copy.advance(cache.length)
    return copy
