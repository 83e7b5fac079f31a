"""Estimates a lower bound for the time of every step of a model on a machine, from sizes alone, before any download.

A step takes at least as long as reading its weights from memory and at least as long as its multiplications: the
larger of the two is the estimate. Real programs are slower; a machine that fails here cannot keep up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dialogue.llm.checkpoints.adapter import LANGUAGE
from dialogue.llm.precision import Precision
from dialogue.minicpm.audio.audio_encoder import FRAMES_PER_S
from dialogue.minicpm.checkpoints.inspection import cache_bytes, tensor_bytes, tied_table, weight_bytes
from dialogue.minicpm.checkpoints.inventory import wanted
from dialogue.minicpm.kind import Kind, kind_of
from dialogue.minicpm.sessions.duplex import MAX_STEPS
from dialogue.minicpm.speech.speech_o45 import CODES_PER_S

TOKENS_PER_S, CODES_PER_S_O26 = 15, 47  # o 2.6 while it speaks
SHARE = 0.75  # of a second for the units of all sessions
MAX_SESSIONS = 64


@dataclass(frozen=True, slots=True)
class Machine:
    """`memory` in bytes for weights and contexts; `bytes_read` and `multiply_adds` per second."""

    name: str
    memory: float
    bytes_read: float
    multiply_adds: float


# Vendors' figures (16-bit multiplications without sparsity), not measured here.
MACHINES = (
    Machine("laptop CPU, DDR5", 16e9, 80e9, 0.5e12),
    Machine("RTX 3060 12 GB", 12e9, 360e9, 25e12),
    Machine("RTX 4090", 24e9, 1008e9, 82e12),
    Machine("Apple M4 Max", 48e9, 546e9, 17e12),
    Machine("A100 80 GB", 80e9, 2039e9, 156e12),
)


@dataclass(frozen=True, slots=True)
class Work:
    """Bytes of memory to read, and multiply-adds."""

    read: float
    multiplied: float

    def __add__(self, other: Work) -> Work:
        """Both in one pass."""
        return Work(self.read + other.read, self.multiplied + other.multiplied)

    def seconds(self, machine: Machine) -> float:
        return max(self.read / machine.bytes_read, self.multiplied / machine.multiply_adds)


@dataclass(frozen=True, slots=True)
class RooflineEstimate:
    """Seconds of each step on one machine. `unit` is the worst second of full duplex or of an omni session, None for
    models without units; `room` is the number of sessions whose worst units fit into a second as a batch."""

    machine: Machine
    weights: int
    fits: bool
    steps: dict[str, float]
    unit: float | None
    room: int = 0

    @property
    def keeps_up(self) -> bool:
        return self.fits and (self.unit is None or self.unit < 1.0)

    def line(self) -> str:
        steps = ", ".join(f"{name} {seconds * 1e3:.1f} ms" for name, seconds in self.steps.items())
        if self.unit is not None:
            steps += f", a second at worst {self.unit:.2f} s"
        if self.room > 1:
            steps += f", room for {self.room} sessions"
        verdict = "keeps up" if self.keeps_up else "too slow" if self.fits else "does not fit"
        return f"{self.machine.name}: {verdict}; {steps}"


class Roofline:
    """One model at one precision. `config` is its config.json."""

    def __init__(self, config: Mapping[str, Any], precision: Precision, context: int = 6000) -> None:
        self.kind = kind_of(config)
        self._config, self._precision = config, precision
        self._shapes = wanted(config)
        self._context, self._cache = context, cache_bytes(config, context)
        self.weights = weight_bytes(self._shapes, precision)

    def token(self) -> Work:
        """One generated token in a full context."""
        return self.prefill(1)

    def prefill(self, tokens: int, sessions: int = 1) -> Work:
        """`tokens` tokens of each session: the weights are read once, the context of each session once."""
        if self.kind is Kind.TEXT3:
            return self._prefill_text(tokens, sessions)
        products = self._part(LANGUAGE, tokens * sessions, leave_out="embed_tokens")
        return products + Work(self._cache * sessions, 0)

    def _prefill_text(self, tokens: int, sessions: int) -> Work:
        """MiniCPM3: attention on latents multiplies as much as the weights do, in a full context."""
        c, rows = self._config, tokens * sessions
        past = 2 * c.get("kv_lora_rank", 256) + c.get("qk_rope_head_dim", 32)
        attention = rows * self._context * c["num_hidden_layers"] * c["num_attention_heads"] * past
        work = self._part("model.", rows, leave_out="embed_tokens") + self._part("lm_head.", rows)
        if (table := tied_table(self._shapes)) is not None:
            work += Work(tensor_bytes("lm_head.weight", table, self._precision), rows * math.prod(table))
        return work + Work(self._cache * sessions, attention)

    def slice(self, count: int = 1) -> Work:
        """`count` picture slices through tower and resampler."""
        fields = self._config["vision_config"]
        patches = (448 // fields["patch_size"]) ** 2
        attention = 2 * patches**2 * fields["hidden_size"] * fields["num_hidden_layers"]
        tower = self._part("vpm.", patches * count, leave_out="position_embedding") + Work(0, attention * count)
        return tower + self._part("resampler.", patches * count)

    def second_of_sound(self, count: int = 1) -> Work:
        """`count` seconds of audio through the audio encoder."""
        frames = FRAMES_PER_S * count
        return self._part("apm.", frames) + self._part("audio_projection_layer.", frames)

    def code(self, count: int = 1) -> Work:
        """One step of the speech decoder for each of `count` sessions."""
        return self._part("tts.model.", count) + self._part("tts.head_code.", count)

    def estimate(self, machine: Machine, sessions: int = 1) -> RooflineEstimate:
        works = {"picture of one slice": self.slice()} if self.kind.sees else {"100 tokens read": self.prefill(100)}
        works["token"], unit = self.token(), None
        if self.kind.hears:
            works |= {"second of sound": self.second_of_sound(), "code": self.code()}
            unit = self.unit(machine, sessions)
        steps = {name: work.seconds(machine) for name, work in works.items()}
        return RooflineEstimate(machine, self.weights, self.fits(machine, sessions), steps, unit, self.room(machine))

    def fits(self, machine: Machine, sessions: int = 1) -> bool:
        return self.weights + sessions * self._cache <= machine.memory

    def unit(self, machine: Machine, sessions: int = 1) -> float:
        """Seconds of the worst unit of each of `sessions` sessions, in one batch."""
        return sum(count * work.seconds(machine) for work, count in self._unit(sessions))

    def room(self, machine: Machine) -> int:
        """The largest possible number of full-duplex sessions, without the vocoder; 0 for other models."""
        if self.kind is not Kind.O45:
            return 0
        return max(
            (
                sessions
                for sessions in range(1, MAX_SESSIONS + 1)
                if self.fits(machine, sessions) and self.unit(machine, sessions) <= SHARE
            ),
            default=0,
        )

    def _unit(self, sessions: int) -> list[tuple[Work, int]]:
        """A second with a picture in which every session speaks: its steps, and the count of each."""
        queries, pool = self._config.get("query_num", 64), self._config["audio_pool_step"]
        rows = queries + 2 + FRAMES_PER_S // pool + 2
        tokens, codes = (MAX_STEPS, CODES_PER_S + 1) if self.kind is Kind.O45 else (TOKENS_PER_S, CODES_PER_S_O26)
        prompt = [(self.slice(sessions), 1), (self.second_of_sound(sessions), 1), (self.prefill(rows, sessions), 1)]
        return [*prompt, (self.prefill(1, sessions), tokens), (self.code(sessions), codes)]

    def _part(self, prefix: str, rows: int, leave_out: str = "\0") -> Work:
        """Tensors below a prefix, read once and multiplied with `rows` rows."""
        names = [name for name in self._shapes if name.startswith(prefix) and leave_out not in name]
        read = sum(tensor_bytes(name, self._shapes[name], self._precision) for name in names)
        return Work(read, rows * sum(math.prod(self._shapes[name]) for name in names if len(self._shapes[name]) > 1))
