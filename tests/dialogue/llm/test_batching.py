"""Batching of several sessions: the same results as alone, in fewer passes.

Also tests `dialogue/minicpm/audio/batched_encoding.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch

from dialogue.errors import BadInput
from dialogue.llm.batching import Steps, run_alone, run_batch
from dialogue.llm.decoder import Decoder
from dialogue.llm.sampling import GREEDY
from dialogue.minicpm.audio.batched_encoding import EncodeAudio
from dialogue.minicpm.audio.mel import log_mel
from dialogue.minicpm.chat.request import EncodedSound, Part, RequestPrompt
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.sessions.duplex import Duplex, DuplexUnit, SpokenPiece, run_unit_batch
from dialogue.minicpm.sessions.session_o26 import SessionO26
from dialogue.minicpm.sessions.session_o26 import run_unit_batch as take_in_together
from dialogue.minicpm.vision.picture_encoder import EncodePictures
from dialogue.minicpm.vision.slicing import Slice
from tests.dialogue.minicpm.session_inputs import picture, second
from tests.dialogue.minicpm.sessions.test_duplex import Scripted, opened

Open = Callable[[Kind], MiniCPM]


class Passes:
    """A decoder that counts its passes over the weights."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder, self.sizes = decoder, list[int]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.decoder, name)

    def forward_batch(self, caches: Sequence[Any], *inputs: Any) -> list[torch.Tensor]:
        self.sizes.append(len(caches))
        return self.decoder.forward_batch(caches, *inputs)


def close(one: torch.Tensor, other: torch.Tensor) -> None:
    torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)


def units(seed: int, count: int) -> list[DuplexUnit]:
    """Different units: pictures of several shapes or none, a unit without sound, one that only listens."""
    shapes = [[(120, 160)], [], [(120, 160), (200, 100)], [(448, 448)]]
    made = []
    for number in range(count):
        pictures = [picture(seed + number, *shape) for shape in shapes[(seed + number) % 4]]
        samples = None if pictures and (seed + number) % 5 == 4 else second(seed + number)
        made.append(DuplexUnit(samples, pictures, listen=(seed + number) % 7 == 6))
    return made


def same(one: SpokenPiece, other: SpokenPiece) -> None:
    assert (one.tokens, one.codes, one.text, one.listening) == (other.tokens, other.codes, other.text, other.listening)
    close(one.hidden, other.hidden)
    if one.condition is not None and other.condition is not None:
        close(one.condition, other.condition)


def test_batched_units_equal_single_ones(model: Open) -> None:
    plans = [units(seed, 4) for seed in (1, 8, 22)]
    alone_, together = ([opened(model(Kind.O45)) for _ in plans] for _ in range(2))
    # One session is two units further in its conversation.
    for session in (alone_[2], together[2]):
        run_alone(session.unit_steps(units(40, 2)[0]))
        run_alone(session.unit_steps(units(40, 2)[1]))
    for number in range(4):
        want = [run_alone(session.unit_steps(plan[number])) for session, plan in zip(alone_, plans, strict=True)]
        got = run_unit_batch([(session, plan[number]) for session, plan in zip(together, plans, strict=True)])
        for one, other in zip(want, got, strict=True):
            assert isinstance(other, SpokenPiece)
            same(one, other)
    for one_session, other_session in zip(alone_, together, strict=True):
        length = one_session.cache.length
        assert length == other_session.cache.length
        ours, theirs = (each.cache.storage[..., :length, :] for each in (one_session, other_session))
        close(ours, theirs)
        assert one_session.input.heard == other_session.input.heard


def test_speaking_sessions_share_every_pass(model: Open) -> None:
    tiny = model(Kind.O45)
    counted = Passes(tiny.decoder)
    shared = replace(tiny, decoder=counted)  # type: ignore[arg-type]  # a wrapper that counts

    def speaking(tokens: int) -> Duplex:
        session = opened(shared)
        rule = Scripted(session.control)
        rule.script = [session.control.speak, *range(60, 60 + tokens)]
        session.rule = rule
        return session

    sessions = [speaking(3), speaking(5), speaking(9)]
    counted.sizes.clear()
    said = run_unit_batch([(session, DuplexUnit(second(number))) for number, session in enumerate(sessions)])
    assert [len(one.spoken) for one in said if isinstance(one, SpokenPiece)] == [3, 5, 9]
    # The unit, "speak" and three words of all; a chunk that ends goes with the words of those who speak on.
    assert counted.sizes == [3] * 6 + [2] * 2 + [1] * 4


def test_a_session_with_an_error_does_not_block_the_others(model: Open) -> None:
    sessions = [opened(model(Kind.O45)) for _ in range(3)]
    want = run_alone(opened(model(Kind.O45)).unit_steps(DuplexUnit(second(1), [picture(1)])))
    first, broken, third = run_unit_batch(
        [
            (sessions[0], DuplexUnit(second(1), [picture(1)])),
            (sessions[1], DuplexUnit(None)),
            (sessions[2], DuplexUnit(second(1), [picture(1)])),
        ]
    )
    assert isinstance(broken, BadInput)
    for said in (first, third):
        assert isinstance(said, SpokenPiece)
        same(want, said)


def test_a_failed_pass_is_repeated_for_each_session_alone(model: Open) -> None:
    tiny = model(Kind.O45)
    full, fresh = opened(tiny), opened(tiny)
    want = run_alone(opened(tiny).unit_steps(DuplexUnit(second(1))))
    full.cache.capacity = full.cache.length  # behind the back of the session's own check
    full.cache.storage = full.cache.storage[..., : full.cache.length, :]
    got = run_unit_batch([(full, DuplexUnit(second(1))), (fresh, DuplexUnit(second(1)))])
    assert isinstance(got[0], Exception)
    assert isinstance(got[1], SpokenPiece)
    same(want, got[1])


def test_audio_streams_at_different_positions_are_encoded_together(model: Open) -> None:
    audio = model(Kind.O26).audio
    assert audio is not None
    caches = [audio.encoder.cache() for _ in range(6)]
    for number, before in enumerate((0, 3, 29)):
        for cache in caches[number::3]:
            for past in range(before):
                audio.step(cache, log_mel(second(past)))
    pieces = [log_mel(second(90 + number)) for number in range(3)]
    want = [audio.step(cache, piece) for cache, piece in zip(caches[:3], pieces, strict=True)]
    requests = [EncodeAudio(audio, cache, piece) for cache, piece in zip(caches[3:], pieces, strict=True)]
    for one, other in zip(want, requests[0].compute_batch(requests), strict=True):
        close(other, one)
    assert [cache.length for cache in caches[:3]] == [cache.length for cache in caches[3:]] == [50, 200, 50]


@pytest.mark.parametrize("kind", [Kind.O45, Kind.V25])
def test_pictures_of_several_sessions_equal_those_encoded_alone(model: Open, kind: Kind) -> None:
    vision = model(kind).vision
    assert vision is not None
    shapes = [[(120, 160), (448, 448)], [(448, 448)], [(160, 120), (120, 160)]]
    cut = [[one for shape in each for one in vision.cut(picture(9, *shape).rgb, 1)[1]] for each in shapes]

    def seen(slices: list[Slice]) -> Steps[torch.Tensor]:
        rows: torch.Tensor = yield EncodePictures(vision, slices)
        return rows

    want = [vision.rows(each) for each in cut]
    for one, other in zip(want, run_batch([seen(each) for each in cut]), strict=True):
        assert isinstance(other, torch.Tensor)
        close(other, one)


def test_pictures_of_one_shape_share_a_pass(model: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    vision = model(Kind.O45).vision
    assert vision is not None
    passes: list[int] = []
    tower = vision.tower.forward

    def counted(slices: Sequence[Slice]) -> torch.Tensor:
        passes.append(len(slices))
        return tower(slices)

    monkeypatch.setattr(vision.tower, "forward", counted)
    requests = [EncodePictures(vision, vision.cut(picture(seed).rgb, 1)[1]) for seed in range(3)]
    requests[0].compute_batch(requests)
    assert passes == [3]


def test_units_of_o26_prefilled_together_equal_those_prefilled_alone(model: Open) -> None:
    tiny = model(Kind.O26)
    own, shared = ([SessionO26(tiny, capacity=600) for _ in range(3)] for _ in range(2))
    for session in (own[1], shared[1]):  # one has heard more than the others
        session.hear(["<unit>", picture(50), EncodedSound(second(50))])
    for number in range(7):  # until pictures have to leave
        parts: list[list[Part]] = [
            ["<unit>", picture(number + seed), EncodedSound(second(number + seed))] for seed in (0, 10, 20)
        ]
        want = [session.hear(each) for session, each in zip(own, parts, strict=True)]
        got = take_in_together(list(zip(shared, parts, strict=True)))
        for one, other in zip(want, got, strict=True):
            assert isinstance(other, RequestPrompt)
            assert one.ids == other.ids
            close(other.rows, one.rows)
    for one_session, other_session in zip(own, shared, strict=True):
        assert one_session.hidden is not None
        assert other_session.hidden is not None
        close(one_session.hidden, other_session.hidden)
        tokens = [[step.token for step in each.answer(6, GREEDY)] for each in (one_session, other_session)]
        assert tokens[0] == tokens[1]
