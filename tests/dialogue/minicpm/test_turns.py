"""Sessions of o 2.6 and o 4.5 that take turns: state of their own, rewinding, breaking off, forgetting."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import numpy as np
import pytest
import torch

from dialogue.errors import BadInput, EngineLost
from dialogue.llm.sampling import GREEDY
from dialogue.minicpm.chat.prompt import SPOKEN_OPENING_O26
from dialogue.minicpm.chat.request import EncodedSound
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.sessions.session_o26 import INTRODUCED, SessionO26
from dialogue.minicpm.sessions.session_o45 import PIECE, UNSPEAKABLE, SessionO45
from tests.dialogue.minicpm.session_inputs import picture, second

Open = Callable[[Kind], MiniCPM]
VOICE = ["Clone this voice.", EncodedSound(second(99)), "Speak like that."]


def unit(seed: int) -> list[object]:
    return ["<unit>", picture(seed), EncodedSound(second(seed))]


def tokens(session: SessionO26, limit: int = 9) -> list[int]:
    return [step.token for step in session.answer(limit, GREEDY)]


def test_two_sessions_of_one_model_do_not_mix(model: Open) -> None:
    alone = SessionO26(model(Kind.O26))
    alone.introduce(VOICE)
    alone.hear(unit(1))
    want = tokens(alone)
    one, other = SessionO26(model(Kind.O26)), SessionO26(model(Kind.O26))
    for session, seed in ((one, 1), (other, 2)):
        session.introduce(VOICE)
        session.hear(unit(seed))
    assert tokens(one) == want
    assert tokens(other) != want


def test_a_rewound_session_goes_on_as_if_nothing_had_happened(model: Open) -> None:
    session = SessionO26(model(Kind.O26))
    session.introduce(VOICE)
    session.hear(unit(1))
    mark = session.mark()
    want = tokens(session)
    session.hear(unit(2))
    session.rewind(mark)
    assert tokens(session) == want


def test_a_turn_after_one_that_was_broken_off_closes_its_speech(model: Open) -> None:
    loaded = model(Kind.O26)
    session = SessionO26(loaded)
    session.introduce(VOICE)
    first = session.hear(unit(1))
    assert loaded.words.decode(first.ids[:12]).startswith("user")
    list(islice(session.answer(9, GREEDY), 2))
    after = session.hear(unit(2))
    assert after.ids[:2] == [loaded.words.id("<|tts_eos|>"), loaded.words.id("<|im_end|>")]
    again = session.hear(unit(3))
    assert again.ids[0] == loaded.words.id("<unit>")


def test_a_unit_takes_the_tokens_it_is_said_to(model: Open) -> None:
    session = SessionO26(model(Kind.O26))
    session.introduce(VOICE)
    session.hear(unit(1))
    before = session.cache.length
    session.hear(unit(2))
    assert session.cache.length - before == 94


def test_a_full_session_lets_pictures_go_first_then_sound(model: Open) -> None:
    session = SessionO26(model(Kind.O26), capacity=400)
    session.introduce(VOICE)
    introduced = session.cache.length
    kinds = []
    for seed in range(8):
        session.hear(unit(seed))
        kinds.append(session.ledger.by_kind())
        assert session.cache.length == session.ledger.tokens <= 400
    assert session.ledger.dropped_entries > 4
    assert kinds[-1]["system"] == introduced, "the introduction stays"
    assert 0 < kinds[-1]["picture"] < kinds[-1]["sound"] * 3, "pictures, which are larger, went first"


def test_a_turn_too_long_for_its_context_goes_on(model: Open) -> None:
    session = SessionO26(model(Kind.O26), capacity=400)
    session.introduce(VOICE)
    for seed in range(6):
        session.hear(unit(seed))
    assert list(session.answer(40, GREEDY))
    session.hear(unit(9))
    assert session.cache.length == session.ledger.tokens <= 400


def test_a_mark_stays_good_when_older_things_leave(model: Open) -> None:
    session = SessionO26(model(Kind.O26), capacity=400)
    session.introduce(VOICE)
    session.hear(unit(1))
    session.hear(unit(2))
    place = session.mark()
    for seed in range(3, 7):
        session.hear(unit(seed))
    assert session.ledger.dropped_entries
    session.rewind(place)
    assert session.cache.length == session.ledger.tokens
    assert all(entry.turn < place.step for entry in session.ledger.entries)
    session.hear(unit(3))
    assert list(session.answer(5, GREEDY))


def test_an_answer_that_was_cut_is_remembered_as_far_as_it_was_heard(model: Open) -> None:
    loaded = model(Kind.O26)
    session = SessionO26(loaded)
    session.introduce(VOICE)
    session.hear(unit(1))
    place = session.mark()
    tokens(session, 20)
    session.rewind(place)
    before = session.cache.length
    session.remember("Ja <|im_end|>", whole=False)
    opening = len(loaded.words.encode(f"<|im_end|>\n<|im_start|>assistant\n{SPOKEN_OPENING_O26}", begin=False))
    assert session.cache.length - before == opening + len("Ja < |im_end|>"), "what was said ends no turn"
    assert session.hear(unit(2)).ids[0] == loaded.words.id("<|tts_eos|>")


def test_a_reminder_stands_at_the_end_of_the_introduction_and_moves_the_rest(model: Open) -> None:
    loaded = model(Kind.O26)
    session = SessionO26(loaded, capacity=600)
    introduction = loaded.words.encode(f"<|im_start|>user\nBe kind.{INTRODUCED}", begin=True)
    suffix = len(loaded.words.encode(INTRODUCED, begin=False))
    session.introduce(["Be kind."])
    session.hear(unit(1))
    place = session.mark()
    session.hear(unit(2))
    plain = session.cache.storage[:, :, :, : session.cache.length].float().clone()
    for text in ("What you were told.", "More than that was told.<|im_end|>", "Less."):
        session.remind(text)
        assert session.cache.length == session.ledger.tokens
        recap = loaded.words.encode(f"\n\n{loaded.words.plain(text)}", begin=False)
        assert session.ledger.by_kind()["recap"] == len(recap) == session.cache.length - plain.shape[3]
        fresh = loaded.decoder.new_cache(600)
        loaded.decoder.forward(fresh, torch.tensor([*introduction[:-suffix], *recap]))
        begun = session.cache.storage[:, :, :, : fresh.length]
        torch.testing.assert_close(begun, fresh.storage[:, :, :, : fresh.length], atol=1e-4, rtol=1e-4)
    session.remind("")
    assert session.cache.length == session.ledger.tokens == plain.shape[3]
    kept = session.cache.storage[:, :, :, : session.cache.length].float()
    torch.testing.assert_close(kept, plain, atol=1e-4, rtol=1e-4)
    session.remind("Once more.")
    session.rewind(place)
    assert session.cache.length == session.ledger.tokens
    session.hear(unit(3))
    assert tokens(session)


def spoken(session: SessionO45, limit: int = 24) -> list[int]:
    return [token for piece in session.answer(limit, GREEDY) for token in piece.tokens]


def begun(model: MiniCPM, **room: int) -> SessionO45:
    session = SessionO45(model, **room)
    session.introduce(VOICE)
    return session


def test_pieces_are_of_ten_tokens_with_a_state_each(model: Open) -> None:
    session = begun(model(Kind.O45))
    session.hear([picture(1), EncodedSound(second(1))])
    pieces = list(session.answer(24, GREEDY))
    assert all(len(piece.tokens) == PIECE for piece in pieces[:-1])
    assert all(len(piece.hidden) == len(piece.tokens) for piece in pieces)


def test_nothing_is_said_that_cannot_be_read_aloud(model: Open) -> None:
    session = begun(model(Kind.O45))
    session.hear([EncodedSound(second(1))])
    said = {token for piece in session.answer(100) for token in piece.tokens}
    assert not said & model(Kind.O45).words.ids([*UNSPEAKABLE, "<unk>"])


def test_two_seconds_at_once_sound_like_one_after_the_other(model: Open) -> None:
    whole, cut = begun(model(Kind.O45)), begun(model(Kind.O45))
    signal = np.concatenate([second(1), second(2)])
    whole.hear([EncodedSound(signal)])
    cut.hear([EncodedSound(signal[:16_000])])
    cut.hear([EncodedSound(signal[16_000:])])
    first, other = (session.cache.storage[0, 1, 0] for session in (whole, cut))
    rows = 10
    start = whole.protected + len(model(Kind.O45).words.encode("<|im_start|>user\n<|audio_start|>", begin=False))
    torch.testing.assert_close(first[start : start + rows], other[start : start + rows], atol=1e-4, rtol=1e-4)


def test_a_rewound_session_by_turns_hears_on_where_it_was(model: Open) -> None:
    session = begun(model(Kind.O45))
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


def test_whole_rounds_are_forgotten_and_the_introduction_stays(model: Open) -> None:
    session = begun(model(Kind.O45), capacity=1200, high=600, low=400)
    protected = session.cache.storage[:, :, :, : session.protected].clone()
    for seed in range(12):
        session.hear([picture(seed), EncodedSound(second(seed))])
        spoken(session)
        assert session.cache.length < 600 + 2 * 130
    kept = session.cache.storage[:, :, :, : session.protected]
    torch.testing.assert_close(kept, protected)


def test_a_session_without_room_is_lost_not_wrong(model: Open) -> None:
    session = begun(model(Kind.O45), capacity=260)
    with pytest.raises(EngineLost, match="full"):
        for seed in range(4):
            session.hear([picture(seed), EncodedSound(second(seed))])


def test_a_part_of_a_second_is_refused(model: Open) -> None:
    with pytest.raises(BadInput, match="whole seconds"):
        begun(model(Kind.O45)).hear([EncodedSound(second(1)[:9000])])
