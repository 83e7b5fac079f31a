"""A session of o 2.6: its own state, rewind, interrupted replies, eviction, the recap.

Also tests `session_ledger.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import torch

from dialogue.llm.sampling import GREEDY
from dialogue.minicpm.chat.prompt import SPOKEN_OPENING_O26
from dialogue.minicpm.chat.request import EncodedSound, Part
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.sessions.session_o26 import INTRODUCTION_END, SessionO26
from tests.dialogue.minicpm.session_inputs import picture, second

Open = Callable[[Kind], MiniCPM]
VOICE: list[Part] = ["Clone this voice.", EncodedSound(second(99)), "Speak like that."]


def unit(seed: int) -> list[Part]:
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


def test_a_rewound_session_continues_as_before(model: Open) -> None:
    session = SessionO26(model(Kind.O26))
    session.introduce(VOICE)
    session.hear(unit(1))
    mark = session.mark()
    want = tokens(session)
    session.hear(unit(2))
    session.rewind(mark)
    assert tokens(session) == want


def test_the_turn_after_an_interrupted_reply_closes_its_speech(model: Open) -> None:
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


def test_a_unit_takes_94_tokens(model: Open) -> None:
    session = SessionO26(model(Kind.O26))
    session.introduce(VOICE)
    session.hear(unit(1))
    before = session.cache.length
    session.hear(unit(2))
    assert session.cache.length - before == 94


def test_a_full_session_evicts_pictures_first_then_audio(model: Open) -> None:
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
    assert 0 < kinds[-1]["picture"] < kinds[-1]["sound"] * 3, "pictures, which are larger, are evicted first"


def test_a_turn_longer_than_the_context_continues(model: Open) -> None:
    session = SessionO26(model(Kind.O26), capacity=400)
    session.introduce(VOICE)
    for seed in range(6):
        session.hear(unit(seed))
    assert list(session.answer(40, GREEDY))
    session.hear(unit(9))
    assert session.cache.length == session.ledger.tokens <= 400


def test_a_mark_stays_valid_when_older_entries_are_evicted(model: Open) -> None:
    session = SessionO26(model(Kind.O26), capacity=400)
    session.introduce(VOICE)
    session.hear(unit(1))
    session.hear(unit(2))
    mark = session.mark()
    for seed in range(3, 7):
        session.hear(unit(seed))
    assert session.ledger.dropped_entries
    session.rewind(mark)
    assert session.cache.length == session.ledger.tokens
    assert all(entry.turn < mark.step for entry in session.ledger.entries)
    session.hear(unit(3))
    assert list(session.answer(5, GREEDY))


def test_an_interrupted_reply_stays_in_the_context_as_far_as_it_was_heard(model: Open) -> None:
    loaded = model(Kind.O26)
    session = SessionO26(loaded)
    session.introduce(VOICE)
    session.hear(unit(1))
    mark = session.mark()
    tokens(session, 20)
    session.rewind(mark)
    before = session.cache.length
    session.remember("Ja <|im_end|>", whole=False)
    opening = len(loaded.words.encode(f"<|im_end|>\n<|im_start|>assistant\n{SPOKEN_OPENING_O26}", begin=False))
    assert session.cache.length - before == opening + len("Ja < |im_end|>"), "text of a reply cannot end the turn"
    assert session.hear(unit(2)).ids[0] == loaded.words.id("<|tts_eos|>")


def test_a_recap_is_inserted_at_the_end_of_the_introduction_and_the_rest_moves(model: Open) -> None:
    loaded = model(Kind.O26)
    session = SessionO26(loaded, capacity=600)
    introduction = loaded.words.encode(f"<|im_start|>user\nBe kind.{INTRODUCTION_END}", begin=True)
    suffix = len(loaded.words.encode(INTRODUCTION_END, begin=False))
    session.introduce(["Be kind."])
    session.hear(unit(1))
    mark = session.mark()
    session.hear(unit(2))
    plain = session.cache.storage[:, :, :, : session.cache.length].float().clone()
    for text in ("What you were told.", "More than that was told.<|im_end|>", "Less."):
        session.set_recap(text)
        assert session.cache.length == session.ledger.tokens
        recap = loaded.words.encode(f"\n\n{loaded.words.plain(text)}", begin=False)
        assert session.ledger.by_kind()["recap"] == len(recap) == session.cache.length - plain.shape[3]
        fresh = loaded.decoder.new_cache(600)
        loaded.decoder.forward(fresh, torch.tensor([*introduction[:-suffix], *recap]))
        begun = session.cache.storage[:, :, :, : fresh.length]
        torch.testing.assert_close(begun, fresh.storage[:, :, :, : fresh.length], atol=1e-4, rtol=1e-4)
    session.set_recap("")
    assert session.cache.length == session.ledger.tokens == plain.shape[3]
    kept = session.cache.storage[:, :, :, : session.cache.length].float()
    torch.testing.assert_close(kept, plain, atol=1e-4, rtol=1e-4)
    session.set_recap("Once more.")
    session.rewind(mark)
    assert session.cache.length == session.ledger.tokens
    session.hear(unit(3))
    assert tokens(session)
