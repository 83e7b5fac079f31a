"""A session of o 4.5 by turns: pieces of text, rewind, forgetting of whole rounds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from dialogue.errors import BadInput, EngineLost
from dialogue.llm.sampling import GREEDY
from dialogue.minicpm.chat.request import EncodedSound, Part
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.sessions.session_o45 import PIECE, UNSPEAKABLE, SessionO45
from tests.dialogue.minicpm.session_inputs import picture, second

Open = Callable[[Kind], MiniCPM]
VOICE: list[Part] = ["Clone this voice.", EncodedSound(second(99)), "Speak like that."]


def spoken(session: SessionO45, limit: int = 24) -> list[int]:
    return [token for piece in session.answer(limit, GREEDY) for token in piece.tokens]


def introduced(model: MiniCPM, **room: int) -> SessionO45:
    session = SessionO45(model, **room)
    session.introduce(VOICE)
    return session


def test_pieces_have_ten_tokens_and_a_hidden_state_for_each(model: Open) -> None:
    session = introduced(model(Kind.O45))
    session.hear([picture(1), EncodedSound(second(1))])
    pieces = list(session.answer(24, GREEDY))
    assert all(len(piece.tokens) == PIECE for piece in pieces[:-1])
    assert all(len(piece.hidden) == len(piece.tokens) for piece in pieces)


def test_tokens_that_cannot_be_spoken_are_never_chosen(model: Open) -> None:
    session = introduced(model(Kind.O45))
    session.hear([EncodedSound(second(1))])
    said = {token for piece in session.answer(100) for token in piece.tokens}
    assert not said & model(Kind.O45).words.ids([*UNSPEAKABLE, "<unk>"])


def test_two_seconds_at_once_equal_two_single_seconds(model: Open) -> None:
    whole, cut = introduced(model(Kind.O45)), introduced(model(Kind.O45))
    signal = np.concatenate([second(1), second(2)])
    whole.hear([EncodedSound(signal)])
    cut.hear([EncodedSound(signal[:16_000])])
    cut.hear([EncodedSound(signal[16_000:])])
    first, other = (session.cache.storage[0, 1, 0] for session in (whole, cut))
    rows = 10
    start = whole.protected + len(model(Kind.O45).words.encode("<|im_start|>user\n<|audio_start|>", begin=False))
    torch.testing.assert_close(first[start : start + rows], other[start : start + rows], atol=1e-4, rtol=1e-4)


def test_a_rewound_session_continues_as_before(model: Open) -> None:
    session = introduced(model(Kind.O45))
    session.hear([EncodedSound(second(1))])
    mark = session.mark()
    session.hear([EncodedSound(second(2))])
    want = spoken(session)
    session.rewind(mark)
    session.hear([EncodedSound(second(5))])
    spoken(session)
    session.rewind(mark)
    session.hear([EncodedSound(second(2))])
    assert spoken(session) == want


def test_whole_rounds_are_evicted_and_the_introduction_stays(model: Open) -> None:
    session = introduced(model(Kind.O45), capacity=1200, high=600, low=400)
    protected = session.cache.storage[:, :, :, : session.protected].clone()
    for seed in range(12):
        session.hear([picture(seed), EncodedSound(second(seed))])
        spoken(session)
        assert session.cache.length < 600 + 2 * 130
    kept = session.cache.storage[:, :, :, : session.protected]
    torch.testing.assert_close(kept, protected)


def test_a_full_session_raises_engine_lost(model: Open) -> None:
    session = introduced(model(Kind.O45), capacity=260)
    with pytest.raises(EngineLost, match="full"):
        for seed in range(4):
            session.hear([picture(seed), EncodedSound(second(seed))])


def test_a_part_of_a_second_is_refused(model: Open) -> None:
    with pytest.raises(BadInput, match="whole seconds"):
        introduced(model(Kind.O45)).hear([EncodedSound(second(1)[:9000])])
