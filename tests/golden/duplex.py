"""Cases 15 to 17: full duplex, with and without windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from dialogue.llm.checkpoints.vocabulary import Vocabulary
from dialogue.llm.sampling import SamplingConfig
from dialogue.minicpm.chat.request import EncodedPicture
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.sessions.duplex import Duplex, SpokenPiece
from dialogue.minicpm.sessions.duplex_input import EMBEDDED
from dialogue.minicpm.sessions.duplex_sampling import DuplexSampling, TokenRule
from dialogue.minicpm.sessions.window import (
    RecapWindow,
    SlidingWindow,
    UnboundedWindow,
    Window,
    WindowRecap,
    WindowUnit,
)
from dialogue.minicpm.speech.speech_o45 import CODES_PER_S, SpeechDecoderO45
from tests.golden.case import Case, Check
from tests.golden.sessions import ROOM

GREEDY = DuplexSampling(SamplingConfig(penalty=1.05))
FORCE = 1000.0  # added to the logit of a planned token; the rule itself still runs


class Planned(TokenRule):
    """Chooses greedily, except where a plan names the token; records the logits."""

    def begin(self, plan: Sequence[str | int | None], words: Vocabulary) -> None:
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


class WatchedWindow:
    """A window that compares keys and values before and after evictions."""

    def __init__(self, case: Case, check: Check, words: Vocabulary) -> None:
        self._case, self._check, self._words = case, check, words
        self._window = window_of(case, words)
        self._heading = self._window.heading if isinstance(self._window, WindowRecap) else ()
        self._events = iter(enumerate(case.expected["events"]))
        self._listened: dict[int, bool] = {}
        self.before = 0

    def saw(self, unit: int, listened: bool) -> None:
        self._listened[unit] = listened

    def trim(self, context: RecapWindow) -> list[WindowUnit]:
        self.before = context.cache.length
        storage = context.cache.storage[..., : self.before, :].clone()
        protected = context.protected
        dropped = self._window.trim(context)
        if not dropped:
            return dropped
        number, want = next(self._events, (-1, None))
        if want is None:
            self._check.failures.append(f"units {[unit.number for unit in dropped]} were dropped, none was expected")
            return dropped
        got = {
            "unit": context.next_unit - 1,
            "kv_before": self.before,
            "kv_after": context.cache.length,
            "protected_before": protected,
            "protected_after": context.protected,
            "kept_units": [[unit.number, unit.tokens] for unit in context.units],
            "previous_token_ids": context.previous,
        }
        self._check.same(f"event {number}", got, {name: want[name] for name in got})
        text = context.previous[len(self._heading) :]
        self._check.one_of(f"event {number} previous", self._texts(text), want["previous_text"])
        self._check.same(f"event {number} dropped", len(dropped), len(want["dropped"]))
        for unit, wanted in zip(dropped, want["dropped"], strict=False):
            listened = self._listened[unit.number]
            got = {"unit_id": unit.number, "length": unit.tokens, "is_listen": listened}
            self._check.same(f"event {number} dropped", got, {name: wanted[name] for name in got})
            self._check.one_of(f"event {number} said", self._texts(unit.said), wanted["generated_text"])
        self._keys(f"ev{number}_before", storage)
        self._keys(f"ev{number}_after", context.cache.storage[..., : context.cache.length, :])
        return dropped

    def _texts(self, ids: Sequence[int]) -> list[str]:
        return texts_of(self._words, ids)

    def _keys(self, name: str, storage: Tensor) -> None:
        for layer in range(storage.shape[0]):
            for place, kind in enumerate("kv"):
                if self._case.has(f"{name}_{kind}{layer}"):
                    wanted = self._case.wanted(f"{name}_{kind}{layer}")
                    self._check.close(f"{name} {kind}{layer}", storage[layer, place][None], wanted)


def texts_of(words: Vocabulary, ids: Sequence[int]) -> list[str]:
    """Ids as text; the published code omits token 0, a lone "!", in some places."""
    return [words.decode(ids), words.decode([token for token in ids if token])]


def window_of(case: Case, words: Vocabulary) -> Window:
    fields = case.inputs["window"]
    if fields["mode"] == "basic":
        return SlidingWindow(fields["high"], fields["low"])
    if fields["mode"] == "context":
        heading = tuple(words.encode(fields["marker"], begin=False))
        return WindowRecap(heading, fields["max_units"], fields["previous_max_tokens"])
    return UnboundedWindow()


def duplex(case: Case, check: Check) -> None:
    model = replace(MiniCPM.of(case.checkpoint), bad_tokens=frozenset(case.inputs.get("bad_token_ids", ())))
    voice = SpeechDecoderO45(case.checkpoint) if case.inputs["generate_audio"] else None
    watched = WatchedWindow(case, check, model.words)
    session = Duplex(
        model,
        voice,
        watched,
        capacity=ROOM,
        force_listen=case.inputs.get("force_listen_count", 0),
        choose_code=lambda _logits, probabilities: int(probabilities.argmax()),
    )
    session.rule = Planned(session.control, model.bad_tokens, GREEDY)
    _prepare(case, check, session)
    for number, unit in enumerate(case.inputs["units"]):
        _unit(case, check, session, number, unit, watched)
    for place, kind in enumerate("kv"):
        for (layer,) in case.numbers(rf"out\.final_{kind}_(\d+)"):
            rows = session.cache.storage[layer, place, :, : session.cache.length]
            check.close(f"final {kind}{layer}", rows[None], case.wanted(f"final_{kind}_{layer}"))


def _prepare(case: Case, check: Check, session: Duplex) -> None:
    before, after = case.inputs["prefix"], case.inputs["suffix"]
    rows = session.prepare_with(before, after, case.array("ref_audio") if case.gives("ref_audio") else None)
    if rows is not None:
        check.close("reference", rows, case.wanted("ref_embeds"))
    wanted = case.expected["prepare"]
    first, last = (session.model.words.encode(text, begin=False) for text in (before, after))
    fed = [*first, *[EMBEDDED] * (0 if rows is None else len(rows)), *last]
    check.same("system", *_fed(wanted["feeds"], fed, 0))
    check.same("protected", [session.context.protected, session.cache.length], [wanted["protected"], wanted["kv_len"]])


def _unit(case: Case, check: Check, session: Duplex, number: int, unit: dict[str, Any], watched: WatchedWindow) -> None:
    assert isinstance(session.rule, Planned)
    session.rule.begin(unit.get("plan") or (), session.model.words)
    frames, limits = unit.get("frames") or (), unit.get("max_slice_nums") or 1
    if not isinstance(limits, list):
        limits = [limits] * len(frames)
    pictures = [EncodedPicture(case.array(f"frame_{frame}"), most) for frame, most in zip(frames, limits, strict=True)]
    begun = session.cache.length
    heard = session.hear(case.array(f"audio_{unit['audio'] - 1}") if unit.get("audio") else None, pictures)
    if heard.sound is not None:
        check.close(f"sound {number}", heard.sound, case.wanted(f"audio_embeds_{number}"))
    if heard.slices is not None:
        check.close(f"pictures {number}", heard.slices, case.wanted(f"vision_embeds_{number}"))
    assert session.logits is not None
    pending = session.logits
    check.close(f"logits {number}", pending, case.wanted(f"pending_logits_{number}"))
    turn = session.speech
    goes_on = turn is not None and not turn.over and bool(turn.chunks)
    said = session.say(bool(unit.get("force_listen")))
    watched.saw(number, said.listening)
    want = case.expected["units"][number]
    check.same(f"fed {number}", *_fed(want["feeds"], heard.tokens + said.tokens, begun))
    _decisions(case, check, session, number, said, pending)
    got = [session.cache.length, watched.before, session.input.heard, session.turn_open]
    names = ("kv_len", "kv_len_before_eviction", "audio_kv_len", "turn_open")
    check.same(f"state {number}", got, [want[name] for name in names])
    if "tts" in want:
        _speech(case, check, session, number, said, goes_on)


def _fed(feeds: list[dict[str, Any]], got: Sequence[int], begun: int) -> tuple[list[Any], list[Any]]:
    """Tokens fed here and by the reference, and the length of the cache after each feed."""
    tokens: list[int] = []
    ends: list[int] = []
    for feed in feeds:
        tokens += feed["ids"] if "ids" in feed else [EMBEDDED] * feed["embeds"]
        ends.append(begun + len(tokens))
    return [list(got), ends], [tokens, [feed["kv_len"] for feed in feeds]]


def _decisions(case: Case, check: Check, session: Duplex, number: int, said: SpokenPiece, pending: Tensor) -> None:
    """Compare choices. A unit with forced listening has none: its logits are those after the unit."""
    rule, want = session.rule, case.expected["units"][number]
    assert isinstance(rule, Planned)
    got = [said.tokens, said.spoken, said.listening, said.turn_over]
    names = ("sampled", "generated", "is_listen", "end_of_turn")
    check.same(f"said {number}", got, [want[name] for name in names])
    check.one_of(f"text {number}", texts_of(session.model.words, said.spoken), want["text"])
    if case.has(f"step_logits_{number}"):
        check.close(f"steps {number}", torch.stack(rule.steps or [pending]), case.wanted(f"step_logits_{number}"))
    for (step,) in case.numbers(rf"out\.processed_{number}_(\d+)"):
        scores = rule.natural[step] if rule.steps else rule.adjusted(pending)
        check.close(f"processed {number} {step}", scores, case.wanted(f"processed_{number}_{step}"))
    if case.has(f"hidden_{number}"):
        check.close(f"hidden {number}", said.hidden, case.wanted(f"hidden_{number}"))


def _speech(case: Case, check: Check, session: Duplex, number: int, said: SpokenPiece, goes_on: bool) -> None:
    """Compare speech. `goes_on`: the turn started before this unit, so its second of audio is whole unless it ends."""
    want = case.expected["units"][number]["tts"]
    assert session.speech is not None and said.condition is not None and said.codes is not None
    check.same(f"codes {number}", said.codes, want["codes"])
    fed = len(said.condition) + len(said.codes)
    got = {
        "cond_rows": len(said.condition),
        "kv_len": session.speech.cache.length,
        "text_start_pos": session.speech.position - fed,
        "min_new": CODES_PER_S + 1 if goes_on and not said.turn_over else 0,
        "max_new": CODES_PER_S + 1,
    }
    check.same(f"speech {number}", got, {name: want[name] for name in got if name in want})
    if case.has(f"tts_cond_{number}"):
        check.close(f"condition {number}", said.condition[None], case.wanted(f"tts_cond_{number}"))
