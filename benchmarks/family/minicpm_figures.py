"""Measures one MiniCPM in this process: loading, a picture, a unit, tokens, the first sound, batched sessions."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.family.peak_memory import PeakMemory
from dialogue.llm.batching import run_stream
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.generation import generate
from dialogue.llm.precision import Precision
from dialogue.llm.sampling import GREEDY
from dialogue.minicpm.audio.mel import RATE
from dialogue.minicpm.chat.conversation import HistoryTurn, answer, prepare
from dialogue.minicpm.chat.request import EncodedPicture, EncodedSound
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.checkpoints.opening import open_model
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.sessions.duplex import Duplex
from dialogue.minicpm.sessions.session_o26 import SessionO26
from dialogue.minicpm.sizing.duplex_cost import always_speaking, measure_duplex
from dialogue.minicpm.sizing.roofline import MACHINES, Machine, Roofline
from dialogue.minicpm.sizing.this_machine import measure
from dialogue.minicpm.sizing.turn_cost import measure_turns
from dialogue.minicpm.speech.speech_o45 import CODES_PER_S
from dialogue.minicpm.speech.token2wav import LOOK_AHEAD, SILENCE
from dialogue.minicpm.speech.token2wav_files import has_token2wav, open_token2wav
from dialogue.minicpm.speech.voice_o26 import SpeechStreamO26, VoiceO26
from dialogue.minicpm.text.text_model import TextModel

TOKENS = 32  # decoded to measure tokens per second
TRIES = 3
CONTEXT = 1024  # tokens of each of the batched sessions
PICTURE = np.random.default_rng(0).integers(0, 256, (448, 448, 3), dtype=np.uint8)  # one slice
SECOND = (0.1 * np.random.default_rng(1).standard_normal(RATE)).astype(np.float32)
FIRST_WORDS = "Let me see, what I have in front of me here is a picture of something that I do not know. "
FIRST_TOKENS = 12  # tokens of a reply that the first sound needs

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lower bounds of times on this machine, in seconds."""

    roofline: Roofline
    machine: Machine

    def picture(self) -> float:
        return self.roofline.slice().seconds(self.machine)

    def prompt(self, tokens: int) -> float:
        return self.roofline.prefill(tokens).seconds(self.machine)

    def sound(self) -> float:
        return self.roofline.second_of_sound().seconds(self.machine)


def measure_model(folder: Path, precision: Precision, device: str) -> Figures:
    """Milliseconds and megabytes of one checkpoint; `NAME_least` is the lower bound of `NAME`, if it is known."""
    memory, began = PeakMemory(device), time.perf_counter()
    model = open_model(folder, precision, device)
    taken = {"load": time.perf_counter() - began}
    peak = memory.raised_by()
    roofline = Roofline(model.config, precision, context=256)
    vision = model.vision
    assert vision is not None
    _, slices = vision.cut(PICTURE)
    prompt = prepare(model, question())
    taken["picture"] = shortest(lambda: vision.rows(slices).sum().item())
    taken["first_token"] = shortest(lambda: next(answer(model, question(), 1, GREEDY), ""))
    taken["token"] = token_s(model, prompt.rows)
    rows = 0
    if model.kind.hears:
        taken["unit"], rows = unit(model)
        taken |= first_sound(model, folder, device)
        taken |= batched_sessions(model)
    figures = {f"{name}_ms": 1e3 * seconds for name, seconds in taken.items()}
    figures |= {f"{name}_ms_least": 1e3 * seconds for name, seconds in least(roofline, device, len(prompt.ids), rows)}
    sizes = {"load_peak_mb": peak / 1e6, "weights_mb": roofline.weights / 1e6}
    return {**sizes, **figures, "tokens_per_s": 1 / taken["token"]}


def measure_text_model(folder: Path, precision: Precision, device: str) -> Figures:
    """The same for MiniCPM3, a text model."""
    memory, began = PeakMemory(device), time.perf_counter()
    model = TextModel(Checkpoint(folder), precision, device)
    load, peak = time.perf_counter() - began, memory.raised_by()
    prompt = torch.arange(64) % model.config.vocab_size

    def first() -> float:
        cache = model.new_cache(len(prompt) + 1)
        return model.logits(model.forward(cache, prompt)[-1]).max().item()

    taken = shortest(first)
    cache = model.new_cache(len(prompt) + TOKENS)
    token = model.logits(model.forward(cache, prompt)[-1]).argmax()
    began = time.perf_counter()
    for _ in range(TOKENS):
        token = model.logits(model.forward(cache, token[None])[-1]).argmax()
    each = (time.perf_counter() - began) / TOKENS
    times = {"load_ms": 1e3 * load, "first_token_ms": 1e3 * taken, "token_ms": 1e3 * each}
    roofline = Roofline(Checkpoint(folder).config, precision, context=256)
    sizes = {"load_peak_mb": peak / 1e6, "weights_mb": roofline.weights / 1e6}
    bounds: Figures = {}
    if device == "cpu":
        here = Bounds(roofline, measure(float("inf")))
        bounds = {"first_token_ms_least": 1e3 * here.prompt(len(prompt)), "token_ms_least": 1e3 * here.prompt(1)}
    return {**sizes, **times, **bounds, "tokens_per_s": 1 / each}


def least(roofline: Roofline, device: str, prompt: int, rows: int) -> list[tuple[str, float]]:
    """The bounds of this machine's processor; those of a GPU are not known."""
    if device != "cpu":
        return []
    bounds = Bounds(roofline, measure(float("inf")))
    known = [("picture", bounds.picture()), ("first_token", bounds.picture() + bounds.prompt(prompt))]
    if rows:
        known.append(("unit", bounds.picture() + bounds.sound() + bounds.prompt(rows)))
    return [*known, ("token", bounds.prompt(1))]


def rooflines(folder: Path, precision: Precision) -> list[str]:
    """Estimates for other machines, from the model's sizes and the makers' figures of the machines."""
    roofline = Roofline(Checkpoint(folder).config, precision)
    return [roofline.estimate(machine).line() for machine in MACHINES]


def question() -> list[HistoryTurn]:
    return [HistoryTurn("user", [EncodedPicture(PICTURE), "What do you see?"])]


def token_s(model: MiniCPM, prompt: Tensor) -> float:
    """Seconds per token, after a prompt."""
    cache = model.decoder.new_cache(len(prompt) + TOKENS + 1)
    steps = generate(model.decoder, cache, prompt, TOKENS + 1)
    next(steps)
    began = time.perf_counter()
    count = sum(1 for _ in steps)
    return (time.perf_counter() - began) / count


def unit(model: MiniCPM) -> tuple[float, int]:
    """Seconds to prefill a second of sound with a picture, without a reply, and the number of its rows."""
    rows = 0
    if model.kind is Kind.O45:
        duplex = Duplex(model)
        duplex.prepare()

        def prefill() -> None:
            nonlocal rows
            rows = len(duplex.hear(SECOND, [EncodedPicture(PICTURE, 1)]).rows)
            duplex.say(listen=True)
    else:
        session = SessionO26(model)
        session.introduce(["You see and hear."])

        def prefill() -> None:
            nonlocal rows
            rows = len(session.hear(["<unit>", EncodedPicture(PICTURE, 1), EncodedSound(SECOND)]).ids)

    prefill()
    return shortest(prefill), rows


def first_sound(model: MiniCPM, folder: Path, device: str) -> dict[str, float]:
    """Seconds from the end of the user's last unit to the first chunk of sound; empty if the voice is missing."""
    if isinstance(model.voice, VoiceO26):
        return {"first_sound": shortest(lambda: _first_sound_o26(model))}
    if model.kind is not Kind.O45 or not has_token2wav(folder):
        return {}
    networks, reader = open_token2wav(folder, device)
    vocoder = networks.voice(reader.read(np.tile(SECOND, 3)))()
    taken = []
    for _ in range(TRIES):
        session = always_speaking(model, CONTEXT)
        session.hear(SECOND, [EncodedPicture(PICTURE, 1)])
        began = time.perf_counter()
        codes = session.say().codes
        assert codes is not None
        vocoder.restart()
        vocoder.stream([SILENCE] * LOOK_AHEAD + codes[:CODES_PER_S], last=False)
        taken.append(time.perf_counter() - began)
    return {"first_sound": min(taken)}


def _first_sound_o26(model: MiniCPM) -> None:
    assert isinstance(model.voice, VoiceO26)
    session = SessionO26(model)
    session.introduce(["You see and hear."])
    session.hear(["<unit>", EncodedPicture(PICTURE, 1), EncodedSound(SECOND)])
    list(islice(session.answer(FIRST_TOKENS), FIRST_TOKENS))
    assert session.speaker is not None
    next(run_stream(SpeechStreamO26(model.voice, session.speaker).add(FIRST_WORDS)))


def batched_sessions(model: MiniCPM) -> dict[str, float]:
    """Seconds of a worst-case unit of several sessions in one batch, and of a second of their replies."""
    if model.kind is Kind.O26:
        cost = measure_turns(model, CONTEXT)
        units, answers = cost.units.measured, cost.answers.measured
    elif model.kind is Kind.O45:
        units, answers = measure_duplex(model, CONTEXT).measured, ()
    else:
        return {}
    found = {f"worst_unit_of_{sessions}": seconds for sessions, seconds in units}
    return found | {f"second_of_answers_of_{sessions}": seconds for sessions, seconds in answers}


def shortest(work: Callable[[], object]) -> float:
    """The shortest of several runs, in seconds."""
    taken = []
    for _ in range(TRIES):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken)
