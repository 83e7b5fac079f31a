"""Case 19: o 4.5 by turns, with its voice, and with a small window."""

from __future__ import annotations

import math
from typing import Any

import torch

from dialogue.choose_token import Sampling
from dialogue.minicpm.model import MiniCPM
from dialogue.minicpm.session_o45 import Piece, Session
from dialogue.minicpm.speech_o45 import SpeechDecoder
from dialogue.minicpm.token2wav import CodeFeed
from tests.golden.case import Case, Check
from tests.golden.sessions import compare_prompt, content

GREEDY = Sampling(penalty=1.02)
CODES_A_PIECE = 30  # the reference run's own limit; the case does not state it


def session_o45(case: Case, check: Check) -> None:
    model, voice = MiniCPM.of(case.checkpoint), SpeechDecoder(case.checkpoint)
    session = Session(model, 4096)
    prefills = answers = 0
    for step in case.inputs["steps"]:
        if step["op"] == "prefill":
            made = (session.hear if prefills else session.introduce)(content(case, step))
            assert session.hidden is not None
            compare_prompt(case, check, f"prefill_{prefills}", made, model.decoder.logits(session.hidden))
            want = _entry(case.expected["log"], f"prefill_{prefills}")["kv_len"]
            check.same(f"length after prefill {prefills}", session.cache.length, want)
            prefills += 1
        else:
            pieces = list(session.answer(_limit(case.expected["turns"][answers], step), GREEDY))
            _answer(case, check, session, voice, answers, pieces)
            answers += 1
    keys = session.cache.storage[0, 0, :, : session.cache.length]
    check.close("final keys", keys[None], case.wanted("final_k_0"))
    if "windowed" in case.expected:
        _windowed(case, check, model)


def _limit(want: dict[str, Any], step: dict[str, Any]) -> int:
    """Tokens to make. The published loop makes them ten at a time; how it rounds the limit is not stated, so an
    answer that was cut off is cut off at the same place."""
    ended = want["conds"][-1][1]
    return int(step["max_new_tokens"]) if ended else len(want["ids"])


def _answer(case: Case, check: Check, session: Session, voice: SpeechDecoder, number: int, pieces: list[Piece]) -> None:
    want = case.expected["turns"][number]
    check.same(f"answer {number}", [token for piece in pieces for token in piece.tokens], want["ids"])
    check.same(f"pieces {number}", [[len(piece.tokens), piece.last] for piece in pieces], want["conds"])
    check.same(f"length after answer {number}", session.cache.length, want["kv_len"])
    logits = torch.cat([piece.logits for piece in pieces])
    check.close(f"answer {number} logits", logits, case.wanted(f"gen_{number}.step_logits"))
    made = sum(len(codes) for codes, _ in want["vocoder_calls"]) - 3 * len(want["vocoder_calls"])
    limit = max(CODES_A_PIECE, math.ceil(made / len(pieces)))
    turn, feed, calls = voice.start(), CodeFeed(), []
    for place, piece in enumerate(pieces):
        condition = voice.condition(piece.tokens, piece.hidden)
        check.close(f"condition {number} {place}", condition[None], case.wanted(f"gen_{number}.chunk_{place}_cond"))
        opened = voice.opened(condition, piece.last)
        for code in voice.chunk(turn, opened, lambda _logits, spread: int(spread.argmax()), limit):
            calls += [[call, False] for call in feed.add([code])]
    check.same(f"vocoder {number}", [*calls, [feed.end(), True]], want["vocoder_calls"])


def _windowed(case: Case, check: Check, model: MiniCPM) -> None:
    """The same script with eviction. Which rounds the published code drops is an error of its bookkeeping that is
    not copied; here its decisions are carried out one by one, to compare what is left of keys and logits."""
    want = case.expected["windowed"]
    session = Session(model, 4096)
    ids: list[list[int]] = []
    prefills, logits = 0, torch.zeros(0)
    for step in case.inputs["steps"]:
        if step["op"] != "prefill":
            limit = max(step["max_new_tokens"], len(want["turn_ids"][len(ids)]))
            pieces = session.answer(limit, GREEDY)
            ids.append([token for piece in pieces for token in piece.tokens])
            continue
        (session.hear if prefills else session.introduce)(content(case, step))
        assert session.hidden is not None
        logits = model.decoder.logits(session.hidden)
        entry = _entry(want["log"], f"prefill_{prefills}")
        check.same(f"windowed length {prefills}", session.cache.length, entry["kv_len"])
        gone = entry["kv_len"] - entry["kv_after_window"]
        session.cache.cut(session.protected, session.protected + gone, model.decoder.rotary)
        prefills += 1
    check.same("windowed answers", ids, want["turn_ids"])
    check.close("windowed logits", logits[None], case.wanted("windowed.last_logits"))
    keys = session.cache.storage[0, 0, :, : session.cache.length]
    check.close("windowed keys", keys[None], case.wanted("windowed.final_k_0"))


def _entry(log: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(entry for entry in log if entry["kind"] == kind)
