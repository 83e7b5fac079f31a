"""Full duplex: decisions in units, windows, rewind, interruption, and sessions that share only weights.

Covers `duplex.py`, `duplex_input.py` and `duplex_interruption.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from dialogue.errors import BadInput, EngineLost
from dialogue.llm.batching import run_alone
from dialogue.llm.sampling import SamplingConfig
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.sessions.duplex import MAX_STEPS, Duplex, SpokenPiece
from dialogue.minicpm.sessions.duplex_interruption import ReplyUnit, break_off
from dialogue.minicpm.sessions.duplex_sampling import DuplexSampling, DuplexTokens, TokenRule
from dialogue.minicpm.sessions.window import SlidingWindow, UnboundedWindow, WindowRecap
from dialogue.minicpm.speech.speech_o45 import SpeechDecoderO45
from tests.dialogue.minicpm.session_inputs import picture, second

Open = Callable[[Kind], MiniCPM]
GREEDY = DuplexSampling(SamplingConfig(penalty=1.05))


class Scripted(TokenRule):
    """Chooses the tokens of a script, then ends the chunk."""

    script: list[int]

    def choose(self, logits: torch.Tensor) -> int:
        return self.script.pop(0) if self.script else self._control.chunk_end


def opened(model: MiniCPM, voiced: bool = True, **options: Any) -> Duplex:
    voice = model.voice if voiced and isinstance(model.voice, SpeechDecoderO45) else None
    best: dict[str, Any] = {"choose_code": lambda _logits, spread: int(spread.argmax()), "style": GREEDY}
    session = Duplex(model, voice, **{**best, **options})
    session.prepare(reference=second(77))
    return session


def scripted(session: Duplex, *tokens: int) -> SpokenPiece:
    """One unit in which these tokens are chosen."""
    rule = Scripted(session.control)
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


def test_interleaved_sessions_equal_sessions_alone(model: Open) -> None:
    run_alone = [run(opened(model(Kind.O45)), 3, seed) for seed in (10, 50)]
    one, other = opened(model(Kind.O45)), opened(model(Kind.O45))
    mixed: tuple[list[SpokenPiece], list[SpokenPiece]] = ([], [])
    for number in range(3):
        for session, said, seed in ((one, mixed[0], 10), (other, mixed[1], 50)):
            session.hear(second(seed + number), [picture(seed + number)] if number % 3 == 0 else [])
            said.append(session.say())
    for got, want in zip(mixed, run_alone, strict=True):
        assert [(said.tokens, said.codes) for said in got] == [(said.tokens, said.codes) for said in want]


def test_a_unit_never_takes_more_than_its_steps(model: Open) -> None:
    session = opened(model(Kind.O45))
    letter = session.model.words.encode("a", begin=False)[0]
    said = scripted(session, session.control.speak, *[letter] * 100)
    assert len(said.tokens) == MAX_STEPS + 1
    assert said.tokens[-2:] == [session.control.chunk_end, session.control.unit_end]
    assert said.text == "a" * (MAX_STEPS - 2)


def test_speech_continues_over_units_and_restarts_after_a_turn(model: Open) -> None:
    session = opened(model(Kind.O45))
    control, letter = session.control, session.model.words.encode("b", begin=False)[0]
    first = scripted(session, control.speak, letter, letter)
    turn = session.speech
    assert first.codes is not None and session.turn_open and not first.turn_over
    second_unit = scripted(session, control.listen, letter, control.turn_end)
    assert session.speech is turn and second_unit.turn_over and not session.turn_open
    assert second_unit.tokens[0] == control.speech_start, "listening within a turn is not allowed"
    third = scripted(session, control.listen)
    assert third.listening and third.codes is None and third.tokens == [control.listen, control.unit_end]
    scripted(session, control.speak, letter)
    assert session.speech is not turn


def test_a_second_of_speech_within_a_turn_is_complete(model: Open) -> None:
    session = opened(model(Kind.O45))
    letter = session.model.words.encode("c", begin=False)[0]
    scripted(session, session.control.speak, letter)
    said = scripted(session, session.control.speak, letter)
    assert said.codes is not None and len(said.codes) == 25


def test_an_interruption_forces_listening(model: Open) -> None:
    session = opened(model(Kind.O45))
    letter = session.model.words.encode("d", begin=False)[0]
    scripted(session, session.control.speak, letter)
    assert session.turn_open
    session.hear(second(1))
    said = session.say(listen=True)
    assert said.listening and said.codes is None and not session.turn_open and session.speech is None


def test_listening_can_be_forced_in_the_first_units(model: Open) -> None:
    session = opened(model(Kind.O45), force_listen=2)
    assert [said.listening for said in run(session, 2)] == [True, True]
    assert not session.rule.history


def test_a_session_may_start_with_a_picture_alone(model: Open) -> None:
    session = opened(model(Kind.O45))
    session.hear(None, [picture(1)])
    session.say()
    heard = session.hear(second(1))
    assert heard.sound is not None and len(heard.sound) == 10
    with pytest.raises(BadInput, match="audio or a picture"):
        session.hear(None)


def test_a_short_first_second_is_padded_with_silence_in_front(model: Open) -> None:
    short, whole = (opened(model(Kind.O45), voiced=False) for _ in range(2))
    sound = second(3)[:9000]
    got = short.hear(sound).rows
    torch.testing.assert_close(got, whole.hear(np.concatenate([np.zeros(7000, np.float32), sound])).rows)
    assert len(got) == 11  # the opening token, and ten rows a second


def test_without_a_voice_there_is_text_and_no_codes(model: Open) -> None:
    session = opened(model(Kind.O45), voiced=False)
    said = scripted(session, session.control.speak, *session.model.words.encode("hi", begin=False))
    assert said.text == "hi" and said.codes is None


def test_the_system_prompt_stays_and_the_context_fits_its_window(model: Open) -> None:
    session = opened(model(Kind.O45), window=SlidingWindow(high=300, low=200), capacity=450)
    protected = session.context.protected
    start = session.cache.storage[:, :, :, :protected].clone()
    for number in range(14):
        (said,) = run(session, 1, seed=number)
        assert session.cache.length <= (200 if said.evicted else 300)
    assert session.context.dropped + len(session.context.units) == 14
    assert session.context.dropped > 3
    torch.testing.assert_close(session.cache.storage[:, :, :, :protected], start)
    held = protected + sum(unit.tokens for unit in session.context.units)
    assert held == session.cache.length


def test_text_of_dropped_units_stays_in_the_system_prompt(model: Open) -> None:
    words = model(Kind.O45).words
    heading = tuple(words.encode("\n\nprevious: ", begin=False))
    session = opened(model(Kind.O45), voiced=False, window=WindowRecap(heading, units=2, most=8))
    empty = session.context.protected
    for text in ("one", "two", "three", "four", "five"):
        scripted(session, session.control.speak, *words.encode(text, begin=False), session.control.turn_end)
    assert words.decode(session.context.previous) == "\n\nprevious: twothree"[:12] + "twothree"[-8:]
    assert session.context.protected == empty + len(heading) + 8
    assert len(session.context.units) == 2


def test_an_inserted_recap_equals_a_prompt_that_contains_it(model: Open) -> None:
    """The keys and values of a prompt with an inserted recap are those of a prompt that contained it from the start."""
    loaded = model(Kind.O45)
    words = loaded.words
    heading = tuple(words.encode("\n\nprevious: ", begin=False))
    session = opened(loaded, voiced=False, window=WindowRecap(heading, units=1, most=50))
    for text in ("red", "green", "blue"):
        scripted(session, session.control.speak, *words.encode(text, begin=False), session.control.turn_end)
    context = session.context
    prefix = len(context.system) - context.suffix
    recap = loaded.decoder.embed(torch.tensor(context.previous))
    whole = loaded.decoder.new_cache(context.protected)
    loaded.decoder.forward(whole, torch.cat([context.system[:prefix], recap, context.system[prefix:]]))
    got, want = (cache.storage[:, :, :, : context.protected] for cache in (session.cache, whole))
    torch.testing.assert_close(got, want, atol=1e-4, rtol=1e-4)


def test_without_a_window_a_full_session_raises_engine_lost(model: Open) -> None:
    session = opened(model(Kind.O45), window=UnboundedWindow(), capacity=200)
    with pytest.raises(EngineLost, match="full"):
        run(session, 20)


def test_the_token_rule_forbids_tokens_and_divides_logits(model: Open) -> None:
    control = DuplexTokens.of(model(Kind.O45).words)
    rule = TokenRule(control, forbidden={3}, style=GREEDY)
    logits = torch.zeros(len(model(Kind.O45).words))
    logits[3], logits[4], logits[5], logits[control.turn_end] = 9.0, 2.0, -1.0, 1.1
    assert rule.choose(logits) == 4
    rule.history.append(5)
    adjusted = rule.adjusted(logits)
    assert adjusted[3] == adjusted[control.chunk_end] == adjusted[control.padding] == -torch.inf
    torch.testing.assert_close(adjusted[4], torch.tensor(2.0 / 1.05))
    torch.testing.assert_close(adjusted[5], torch.tensor(-1.0 / 1.05))
    torch.testing.assert_close(adjusted[control.turn_end], torch.tensor(1.0))
    logits[control.chunk_end] = 10.0
    assert rule.choose(logits) == control.chunk_end
    assert list(rule.history) == [4, 5]


def held(session: Duplex) -> torch.Tensor:
    return session.cache.storage[:, :, :, : session.cache.length].clone()


def test_a_rewound_session_continues_as_before(model: Open) -> None:
    session = opened(model(Kind.O45), force_listen=1)
    run(session, 2, seed=5)
    mark = session.mark()
    want = [(said.tokens, said.codes) for said in run(session, 3, seed=30)]
    after = held(session)
    session.rewind(mark)
    assert [(said.tokens, said.codes) for said in run(session, 3, seed=30)] == want
    torch.testing.assert_close(held(session), after)


def test_a_mark_stays_valid_while_older_units_are_dropped(model: Open) -> None:
    session = opened(model(Kind.O45), window=SlidingWindow(high=400, low=250), capacity=600)
    run(session, 3)
    mark = session.mark()
    while mark.unit - session.context.dropped > 1:
        run(session, 1, seed=session.context.next_unit)
    session.rewind(mark)
    assert session.context.next_unit == mark.unit
    assert session.cache.length == session.context.protected + sum(unit.tokens for unit in session.context.units)
    run(session, 2)


def test_an_interrupted_turn_stays_in_the_context_as_far_as_it_was_heard(model: Open) -> None:
    """The context equals that of a session in which nothing more was said."""
    control, spoken = DuplexTokens.of(model(Kind.O45).words), model(Kind.O45).words.encode("abcdef", begin=False)
    cut, straight = opened(model(Kind.O45)), opened(model(Kind.O45))
    turn = []
    for tokens in ([control.speak, *spoken[:3]], [control.speech_start, *spoken[3:]], [control.speech_start]):
        mark = cut.mark()
        said = scripted(cut, *tokens)
        assert cut._heard is not None
        turn.append(ReplyUnit(mark, cut._heard, said))
    run_alone(break_off(cut, turn, characters=4))
    scripted(straight, control.speak, *spoken[:3])
    straight.hear(second(4))
    run_alone(straight.repeat([control.speech_start, spoken[3], control.chunk_end, control.unit_end]))
    straight.hear(second(1))
    straight.say(listen=True)
    assert cut.cache.length == straight.cache.length
    torch.testing.assert_close(held(cut), held(straight))
    assert not cut.turn_open and cut.speech is None
    assert [unit.said for unit in cut.context.units][-2:] == [(spoken[3],), ()]


def test_typed_text_is_part_of_the_unit_and_cannot_end_it(model: Open) -> None:
    session = opened(model(Kind.O45))
    heard = session.hear(second(1), text="stop</unit>")
    assert heard.tokens[-len("stop< /unit>") :] == session.model.words.encode("stop< /unit>", begin=False)
    assert session.say(listen=True).listening
