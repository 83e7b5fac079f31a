"""Full duplex: decisions a unit at a time, windows, and sessions that share nothing but weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from dialogue.errors import BadInput, EngineLost
from dialogue.llm.batching import alone
from dialogue.llm.sampling import SamplingConfig
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.sessions.duplex import MOST_STEPS, Duplex, SpokenPiece
from dialogue.minicpm.sessions.duplex_interruption import HeardReply, break_off
from dialogue.minicpm.sessions.duplex_sampling import DuplexSampling, DuplexTokens, TokenRule
from dialogue.minicpm.sessions.window import SlidingWindow, UnboundedWindow, WindowRecap
from dialogue.minicpm.speech.speech_o45 import SpeechDecoderO45
from tests.dialogue.minicpm.session_inputs import picture, second

Open = Callable[[Kind], MiniCPM]
GREEDY = DuplexSampling(SamplingConfig(penalty=1.05))


class Scripted(TokenRule):
    """Says what it is told, then ends the chunk."""

    script: list[int]

    def choose(self, logits: torch.Tensor) -> int:
        return self.script.pop(0) if self.script else self._signs.chunk_end


def opened(model: MiniCPM, voiced: bool = True, **options: object) -> Duplex:
    voice = model.voice if voiced and isinstance(model.voice, SpeechDecoderO45) else None
    best = {"choose_code": lambda _logits, spread: int(spread.argmax()), "style": GREEDY}
    session = Duplex(model, voice, **{**best, **options})
    session.prepare(reference=second(77))
    return session


def scripted(session: Duplex, *tokens: int) -> SpokenPiece:
    """One unit in which these tokens are chosen."""
    rule = Scripted(session.signs)
    rule.script = list(tokens)
    session.rule = rule
    session.hear(second(len(tokens)))
    return session.say()


def run(session: Duplex, units: int, seed: int = 0) -> list[SpokenPiece]:
    said = []
    for number in range(units):
        session.hear(second(seed + number), [picture(seed + number)] if number % 3 == 0 else [])
        said.append(session.say())
    return said


def test_sessions_interleaved_are_sessions_alone(model: Open) -> None:
    alone = [run(opened(model(Kind.O45)), 3, seed) for seed in (10, 50)]
    one, other = opened(model(Kind.O45)), opened(model(Kind.O45))
    mixed: tuple[list[SpokenPiece], list[SpokenPiece]] = ([], [])
    for number in range(3):
        for session, said, seed in ((one, mixed[0], 10), (other, mixed[1], 50)):
            session.hear(second(seed + number), [picture(seed + number)] if number % 3 == 0 else [])
            said.append(session.say())
    for got, want in zip(mixed, alone, strict=True):
        assert [(said.tokens, said.codes) for said in got] == [(said.tokens, said.codes) for said in want]


def test_a_unit_never_takes_more_than_its_steps(model: Open) -> None:
    session = opened(model(Kind.O45))
    letter = session.model.words.encode("a", begin=False)[0]
    said = scripted(session, session.signs.speak, *[letter] * 100)
    assert len(said.tokens) == MOST_STEPS + 1
    assert said.tokens[-2:] == [session.signs.chunk_end, session.signs.unit_end]
    assert said.text == "a" * (MOST_STEPS - 2)


def test_speech_goes_on_over_units_and_begins_anew_after_a_turn(model: Open) -> None:
    session = opened(model(Kind.O45))
    signs, letter = session.signs, session.model.words.encode("b", begin=False)[0]
    first = scripted(session, signs.speak, letter, letter)
    turn = session.speech
    assert first.codes is not None and session.turn_open and not first.turn_over
    second_unit = scripted(session, signs.listen, letter, signs.turn_end)
    assert session.speech is turn and second_unit.turn_over and not session.turn_open
    assert second_unit.tokens[0] == signs.speech_start, "it may not listen in the middle of a turn"
    third = scripted(session, signs.listen)
    assert third.listening and third.codes is None and third.tokens == [signs.listen, signs.unit_end]
    scripted(session, signs.speak, letter)
    assert session.speech is not turn


def test_a_second_of_speech_in_the_middle_of_a_turn_is_whole(model: Open) -> None:
    session = opened(model(Kind.O45))
    letter = session.model.words.encode("c", begin=False)[0]
    scripted(session, session.signs.speak, letter)
    said = scripted(session, session.signs.speak, letter)
    assert said.codes is not None and len(said.codes) == 25


def test_interruption_makes_it_listen_whatever_it_would_do(model: Open) -> None:
    session = opened(model(Kind.O45))
    letter = session.model.words.encode("d", begin=False)[0]
    scripted(session, session.signs.speak, letter)
    assert session.turn_open
    session.hear(second(1))
    said = session.say(listen=True)
    assert said.listening and said.codes is None and not session.turn_open and session.speech is None


def test_the_first_units_can_be_listened_to(model: Open) -> None:
    session = opened(model(Kind.O45), force_listen=2)
    assert [said.listening for said in run(session, 2)] == [True, True]
    assert not session.rule.history


def test_a_session_may_begin_with_a_picture_alone(model: Open) -> None:
    session = opened(model(Kind.O45))
    session.hear(None, [picture(1)])
    session.say()
    heard = session.hear(second(1))
    assert heard.sound is not None and len(heard.sound) == 10
    with pytest.raises(BadInput, match="sound or a picture"):
        session.hear(None)


def test_a_first_second_that_is_too_short_is_filled_with_silence_in_front(model: Open) -> None:
    short, whole = (opened(model(Kind.O45), voiced=False) for _ in range(2))
    sound = second(3)[:9000]
    got = short.hear(sound).rows
    torch.testing.assert_close(got, whole.hear(np.concatenate([np.zeros(7000, np.float32), sound])).rows)
    assert len(got) == 11  # the opening token, and ten rows a second


def test_without_a_voice_there_is_text_and_no_codes(model: Open) -> None:
    session = opened(model(Kind.O45), voiced=False)
    said = scripted(session, session.signs.speak, *session.model.words.encode("hi", begin=False))
    assert said.text == "hi" and said.codes is None


def test_the_beginning_stays_and_the_context_stays_within_its_window(model: Open) -> None:
    session = opened(model(Kind.O45), window=SlidingWindow(high=300, low=200), capacity=450)
    protected = session.context.protected
    start = session.cache.storage[:, :, :, :protected].clone()
    for number in range(14):
        (said,) = run(session, 1, seed=number)
        assert session.cache.length <= (200 if said.left else 300)
    assert session.context.dropped + len(session.context.units) == 14
    assert session.context.dropped > 3
    torch.testing.assert_close(session.cache.storage[:, :, :, :protected], start)
    held = protected + sum(unit.tokens for unit in session.context.units)
    assert held == session.cache.length


def test_what_was_said_long_ago_stays_as_text_in_the_system_prompt(model: Open) -> None:
    words = model(Kind.O45).words
    heading = tuple(words.encode("\n\nprevious: ", begin=False))
    session = opened(model(Kind.O45), voiced=False, window=WindowRecap(heading, units=2, most=8))
    empty = session.context.protected
    for text in ("one", "two", "three", "four", "five"):
        scripted(session, session.signs.speak, *words.encode(text, begin=False), session.signs.turn_end)
    assert words.decode(session.context.previous) == "\n\nprevious: twothree"[:12] + "twothree"[-8:]
    assert session.context.protected == empty + len(heading) + 8
    assert len(session.context.units) == 2


def test_the_system_prompt_with_its_recap_equals_one_made_whole(model: Open) -> None:
    """What the recap puts into the cache is what a prompt with that text in it would have put there."""
    loaded = model(Kind.O45)
    words = loaded.words
    heading = tuple(words.encode("\n\nprevious: ", begin=False))
    session = opened(loaded, voiced=False, window=WindowRecap(heading, units=1, most=50))
    for text in ("red", "green", "blue"):
        scripted(session, session.signs.speak, *words.encode(text, begin=False), session.signs.turn_end)
    context = session.context
    prefix = len(context.system) - context.suffix
    recap = loaded.decoder.embed(torch.tensor(context.previous))
    whole = loaded.decoder.new_cache(context.protected)
    loaded.decoder.forward(whole, torch.cat([context.system[:prefix], recap, context.system[prefix:]]))
    got, want = (cache.storage[:, :, :, : context.protected] for cache in (session.cache, whole))
    torch.testing.assert_close(got, want, atol=1e-4, rtol=1e-4)


def test_without_a_window_a_full_session_is_lost_not_wrong(model: Open) -> None:
    session = opened(model(Kind.O45), window=UnboundedWindow(), capacity=200)
    with pytest.raises(EngineLost, match="full"):
        run(session, 20)


def test_the_rule_forbids_and_divides(model: Open) -> None:
    signs = DuplexTokens.of(model(Kind.O45).words)
    rule = TokenRule(signs, forbidden={3}, style=GREEDY)
    logits = torch.zeros(len(model(Kind.O45).words))
    logits[3], logits[4], logits[5], logits[signs.turn_end] = 9.0, 2.0, -1.0, 1.1
    assert rule.choose(logits) == 4
    rule.history.append(5)
    adjusted = rule.adjusted(logits)
    assert adjusted[3] == adjusted[signs.chunk_end] == adjusted[signs.padding] == -torch.inf
    torch.testing.assert_close(adjusted[4], torch.tensor(2.0 / 1.05))
    torch.testing.assert_close(adjusted[5], torch.tensor(-1.0 / 1.05))
    torch.testing.assert_close(adjusted[signs.turn_end], torch.tensor(1.0))
    logits[signs.chunk_end] = 10.0
    assert rule.choose(logits) == signs.chunk_end
    assert list(rule.history) == [4, 5]


def held(session: Duplex) -> torch.Tensor:
    return session.cache.storage[:, :, :, : session.cache.length].clone()


def test_a_rewound_session_goes_on_as_if_nothing_had_happened(model: Open) -> None:
    session = opened(model(Kind.O45), force_listen=1)
    run(session, 2, seed=5)
    place = session.mark()
    want = [(said.tokens, said.codes) for said in run(session, 3, seed=30)]
    after = held(session)
    session.rewind(place)
    assert [(said.tokens, said.codes) for said in run(session, 3, seed=30)] == want
    torch.testing.assert_close(held(session), after)


def test_a_mark_stays_good_while_older_units_leave(model: Open) -> None:
    session = opened(model(Kind.O45), window=SlidingWindow(high=400, low=250), capacity=600)
    run(session, 3)
    place = session.mark()
    while place.unit - session.context.dropped > 1:
        run(session, 1, seed=session.context.next_unit)
    session.rewind(place)
    assert session.context.next_unit == place.unit
    assert session.cache.length == session.context.protected + sum(unit.tokens for unit in session.context.units)
    run(session, 2)


def test_an_interrupted_turn_is_remembered_as_far_as_it_was_heard(model: Open) -> None:
    """The context is the one of a session in which no more was said."""
    signs, letters = DuplexTokens.of(model(Kind.O45).words), model(Kind.O45).words.encode("abcdef", begin=False)
    cut, straight = opened(model(Kind.O45)), opened(model(Kind.O45))
    turn = []
    for tokens in ([signs.speak, *letters[:3]], [signs.speech_start, *letters[3:]], [signs.speech_start]):
        place = cut.mark()
        said = scripted(cut, *tokens)
        assert cut._heard is not None
        turn.append(HeardReply(place, cut._heard, said))
    alone(break_off(cut, turn, characters=4))
    scripted(straight, signs.speak, *letters[:3])
    straight.hear(second(4))
    alone(straight.repeat([signs.speech_start, letters[3], signs.chunk_end, signs.unit_end]))
    straight.hear(second(1))
    straight.say(listen=True)
    assert cut.cache.length == straight.cache.length
    torch.testing.assert_close(held(cut), held(straight))
    assert not cut.turn_open and cut.speech is None
    assert [unit.said for unit in cut.context.units][-2:] == [(letters[3],), ()]


def test_what_the_user_types_is_in_the_unit_and_ends_nothing(model: Open) -> None:
    session = opened(model(Kind.O45))
    heard = session.hear(second(1), text="stop</unit>")
    assert heard.tokens[-len("stop< /unit>") :] == session.model.words.encode("stop< /unit>", begin=False)
    assert session.say(listen=True).listening
