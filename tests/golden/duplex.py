"""Cases 15 to 17: full duplex, with and without windows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from dialogue.choose_token import Sampling
from dialogue.minicpm.duplex import Duplex, Said
from dialogue.minicpm.duplex_rule import Manner, TokenRule
from dialogue.minicpm.duplex_senses import EMBEDDED
from dialogue.minicpm.model import MiniCPM
from dialogue.minicpm.request import Picture
from dialogue.minicpm.speech_o45 import SpeechDecoder
from dialogue.minicpm.vocabulary import Vocabulary
from dialogue.minicpm.window import Basic, Context, Everything, Recap, Unit, Window
from tests.golden.case import Case, Check

GREEDY = Manner(Sampling(penalty=1.05))
FORCE = 1000.0  # added to the logit of a token that is to be chosen; the rule itself still runs


class Planned(TokenRule):
    """Chooses greedily, except where a plan names the token; keeps what it chose from."""

    def begin(self, plan: list[str | int | None], words: Vocabulary) -> None:
        self._plan = [words.id(token) if isinstance(token, str) else token for token in plan]
        self.steps: list[Tensor] = []
        self.natural: dict[int, Tensor] = {}

    def choose(self, logits: Tensor) -> int:
        step = len(self.steps)
        self.steps.append(logits)
        planned = self._plan[step] if step < len(self._plan) else None
        if planned is None:
            self.natural[step] = self.adjusted(logits)
            return super().choose(logits)
        bias = torch.zeros_like(logits)
        bias[planned] = FORCE
        return super().choose(logits + bias)


class Watched:
    """A window that compares the keys and values before and after what leaves."""

    def __init__(self, case: Case, check: Check, window: Window) -> None:
        self._case, self._check, self._window = case, check, window
        self._events = iter(enumerate(case.expected["events"]))
        self.before = 0

    def trim(self, context: Context) -> list[Unit]:
        self.before = context.cache.length
        storage = context.cache.storage[..., : self.before, :].clone()
        protected = context.protected
        gone = self._window.trim(context)
        if not gone:
            return gone
        number, want = next(self._events)
        got = {
            "kv_before": self.before,
            "kv_after": context.cache.length,
            "protected_before": protected,
            "protected_after": context.protected,
            "kept_units": [[unit.number, unit.tokens] for unit in context.units],
            "previous_token_ids": context.previous,
        }
        self._check.same(f"event {number}", got, {name: want[name] for name in got})
        dropped = [[unit["unit_id"], unit["length"]] for unit in want["dropped"]]
        self._check.same(f"event {number} dropped", [[unit.number, unit.tokens] for unit in gone], dropped)
        self._keys(f"ev{number}_before", storage)
        self._keys(f"ev{number}_after", context.cache.storage[..., : context.cache.length, :])
        return gone

    def _keys(self, name: str, storage: Tensor) -> None:
        for layer in range(storage.shape[0]):
            for place, kind in enumerate("kv"):
                if self._case.has(f"{name}_{kind}{layer}"):
                    wanted = self._case.wanted(f"{name}_{kind}{layer}")
                    self._check.close(f"{name} {kind}{layer}", storage[layer, place][None], wanted)


def window_of(case: Case, words: Vocabulary) -> Window:
    fields = case.inputs["window"]
    if fields["mode"] == "basic":
        return Basic(fields["high"], fields["low"])
    if fields["mode"] == "context":
        heading = tuple(words.encode(fields["marker"], begin=False))
        return Recap(heading, fields["max_units"], fields["previous_max_tokens"])
    return Everything()


def duplex(case: Case, check: Check) -> None:
    model = replace(MiniCPM.of(case.checkpoint), bad_tokens=frozenset(case.inputs["bad_token_ids"]))
    voice = SpeechDecoder(case.checkpoint) if case.inputs["generate_audio"] else None
    watched = Watched(case, check, window_of(case, model.words))
    session = Duplex(
        model,
        voice,
        watched,
        capacity=4096,
        force_listen=case.inputs["force_listen_count"],
        choose_code=lambda _logits, probabilities: int(probabilities.argmax()),
    )
    session.rule = Planned(session.signs, model.bad_tokens, GREEDY)
    rows = session.prepare_with(case.inputs["prefix"], case.inputs["suffix"], case.array("ref_audio"))
    assert rows is not None
    check.close("reference", rows, case.wanted("ref_embeds"))
    wanted = case.expected["prepare"]
    check.same("protected", [session.context.protected, session.cache.length], [wanted["protected"], wanted["kv_len"]])
    for number, unit in enumerate(case.inputs["units"]):
        _unit(case, check, session, number, unit, watched)


def _unit(case: Case, check: Check, session: Duplex, number: int, unit: dict[str, Any], watched: Watched) -> None:
    assert isinstance(session.rule, Planned)
    session.rule.begin(unit["plan"], session.model.words)
    limits = unit.get("max_slice_nums", 1)
    pictures = [
        Picture(case.array(f"frame_{frame}"), limits[place] if isinstance(limits, list) else limits)
        for place, frame in enumerate(unit["frames"])
    ]
    heard = session.hear(case.array(f"audio_{unit['audio'] - 1}") if unit["audio"] else None, pictures)
    if heard.sound is not None:
        check.close(f"sound {number}", heard.sound, case.wanted(f"audio_embeds_{number}"))
    if heard.slices is not None:
        check.close(f"pictures {number}", heard.slices, case.wanted(f"vision_embeds_{number}"))
    assert session.logits is not None
    check.close(f"logits {number}", session.logits, case.wanted(f"pending_logits_{number}"))
    said = session.say()
    want = case.expected["units"][number]
    check.same(f"fed {number}", heard.tokens + said.tokens, _fed(want["feeds"]))
    _decisions(case, check, session, number, said)
    got = [session.cache.length, watched.before, session.senses.heard, session.turn_open]
    names = ("kv_len", "kv_len_before_eviction", "audio_kv_len", "turn_open")
    check.same(f"state {number}", got, [want[name] for name in names])
    if "tts" in want:
        _speech(case, check, session, number, said, want["tts"])


def _fed(feeds: list[dict[str, Any]]) -> list[int]:
    fed: list[int] = []
    for feed in feeds:
        fed += feed["ids"] if "ids" in feed else [EMBEDDED] * feed["embeds"]
    return fed


def _decisions(case: Case, check: Check, session: Duplex, number: int, said: Said) -> None:
    assert isinstance(session.rule, Planned)
    want = case.expected["units"][number]
    got = [said.tokens, said.spoken, said.listening, said.turn_over, said.text]
    names = ("sampled", "generated", "is_listen", "end_of_turn", "text")
    check.same(f"said {number}", got, [want[name] for name in names])
    if case.has(f"step_logits_{number}") and session.rule.steps:
        check.close(f"steps {number}", torch.stack(session.rule.steps), case.wanted(f"step_logits_{number}"))
    for step, scores in session.rule.natural.items():
        if case.has(f"processed_{number}_{step}"):
            check.close(f"processed {number} {step}", scores, case.wanted(f"processed_{number}_{step}"))
    if case.has(f"hidden_{number}"):
        check.close(f"hidden {number}", said.hidden, case.wanted(f"hidden_{number}"))


def _speech(case: Case, check: Check, session: Duplex, number: int, said: Said, want: dict[str, Any]) -> None:
    assert session.speech is not None and said.condition is not None
    check.same(f"codes {number}", said.codes, want["codes"])
    check.same(
        f"speech {number}", [len(said.condition), session.speech.cache.length], [want["cond_rows"], want["kv_len"]]
    )
    if case.has(f"tts_cond_{number}"):
        check.close(f"condition {number}", said.condition[None], case.wanted(f"tts_cond_{number}"))
