"""Case 19: o 4.5 by turns, with its voice, and with a small window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from dialogue.llm.sampling import SamplingConfig
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.sessions.session_o45 import SessionO45, TextPiece
from dialogue.minicpm.speech.speech_o45 import SpeechDecoderO45
from dialogue.minicpm.speech.token2wav import LOOK_AHEAD, CodeFeed
from tests.golden.case import Case, Check
from tests.golden.sessions import ROOM, compare_log, compare_prompt, content

GREEDY = SamplingConfig(penalty=1.02)


def session_o45(case: Case, check: Check) -> None:
    model, voice = MiniCPM.of(case.checkpoint), SpeechDecoderO45(case.checkpoint)
    session = SessionO45(model, ROOM)
    prefills = answers = 0
    for step in case.inputs["steps"]:
        before = session.cache.length
        if step["op"] == "prefill":
            made = (session.hear if prefills else session.introduce)(content(case, step))
            assert session.hidden is not None
            kind = f"prefill_{prefills}"
            compare_prompt(case, check, kind, made, model.decoder.logits(session.hidden))
            compare_log(check, kind, case.expected["log"], before, session.cache.length)
            left = _entry(case.expected["log"], kind).get("kv_after_window", session.cache.length)
            check.same(f"{kind} stays", session.cache.length, left)
            prefills += 1
        else:
            pieces = list(session.answer(_limit(case.expected["turns"][answers], step), GREEDY))
            compare_log(check, f"generate_{answers}", case.expected["log"], before, session.cache.length)
            _answer(case, check, session, voice, answers, pieces)
            answers += 1
    for (layer,) in case.numbers(r"out\.final_k_(\d+)"):
        keys = session.cache.storage[layer, 0, :, : session.cache.length]
        check.close(f"final keys {layer}", keys[None], case.wanted(f"final_k_{layer}"))
    if "windowed" in case.expected:
        _windowed(case, check, model)


def _limit(want: dict[str, Any], step: dict[str, Any]) -> int:
    """Tokens to make. The published loop makes them ten at a time; how it rounds the limit is not stated, so an
    answer that was cut off is cut off at the same place."""
    ended = bool(want["conds"]) and want["conds"][-1][1]
    return max(int(step["max_new_tokens"]), len(want["ids"])) if ended else len(want["ids"])


def _answer(
    case: Case, check: Check, session: SessionO45, voice: SpeechDecoderO45, number: int, pieces: list[TextPiece]
) -> None:
    want = case.expected["turns"][number]
    check.same(f"answer {number}", [token for piece in pieces for token in piece.tokens], want["ids"])
    check.same(f"pieces {number}", [[len(piece.tokens), piece.last] for piece in pieces], want["conds"])
    check.same(f"length after answer {number}", session.cache.length, want["kv_len"])
    logits = torch.cat([piece.logits for piece in pieces])
    check.close(f"answer {number} logits", logits, case.wanted(f"gen_{number}.step_logits"))
    conditions = [voice.condition(piece.tokens, piece.hidden) for piece in pieces]
    for place, condition in enumerate(conditions):
        check.close(f"condition {number} {place}", condition[None], case.wanted(f"gen_{number}.chunk_{place}_cond"))
    opened = [voice.opened(condition, piece.last) for condition, piece in zip(conditions, pieces, strict=True)]
    check.same(f"vocoder {number}", _spoken(voice, opened, want["vocoder_calls"]), want["vocoder_calls"])


def _spoken(voice: SpeechDecoderO45, opened: Sequence[Tensor], want: Sequence[Any]) -> list[Any]:
    """The calls of a vocoder. The reference run cut the codes of a piece off at a number that the case does not
    state: it is the least that lets as many codes be made as were made there."""
    made = sum(len(codes) - LOOK_AHEAD for codes, _ in want)
    for limit in range(max(math.ceil(made / len(opened)), 1), max(made, 1) + 1):
        turn, codes = voice.start(), list[int]()
        for condition in opened:
            codes += voice.chunk(turn, condition, lambda _logits, spread: int(spread.argmax()), limit)
        if len(codes) >= made:
            break
    feed = CodeFeed()
    return [*([call, False] for code in codes for call in feed.add([code])), [feed.end(), True]]


def _windowed(case: Case, check: Check, model: MiniCPM) -> None:
    """The same script with eviction. Which rounds the published code drops is an error of its bookkeeping that is
    not copied; here its decisions are carried out one by one, to compare what is left of keys and logits."""
    want = case.expected["windowed"]
    session = SessionO45(model, ROOM)
    ids: list[list[int]] = []
    prefills, logits = 0, torch.zeros(0)
    for step in case.inputs["steps"]:
        before = session.cache.length
        if step["op"] != "prefill":
            pieces = session.answer(len(want["turn_ids"][len(ids)]), GREEDY)
            ids.append([token for piece in pieces for token in piece.tokens])
            entry = _entry(want["log"], f"generate_{len(ids) - 1}")
            check.same(f"windowed opening {len(ids)}", before + entry["n"], entry["kv_len"])
            continue
        (session.hear if prefills else session.introduce)(content(case, step))
        assert session.hidden is not None
        logits = model.decoder.logits(session.hidden)
        compare_log(check, f"prefill_{prefills}", want["log"], before, session.cache.length)
        gone = session.cache.length - _entry(want["log"], f"prefill_{prefills}")["kv_after_window"]
        session.cache.cut(session.protected, session.protected + gone, model.decoder.rotary)
        prefills += 1
    check.same("windowed answers", ids, want["turn_ids"])
    check.close("windowed logits", logits[None], case.wanted("windowed.last_logits"))
    for (layer,) in case.numbers(r"out\.windowed\.final_k_(\d+)"):
        keys = session.cache.storage[layer, 0, :, : session.cache.length]
        check.close(f"windowed keys {layer}", keys[None], case.wanted(f"windowed.final_k_{layer}"))


def _entry(log: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(entry for entry in log if entry["kind"] == kind)
