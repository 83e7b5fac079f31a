"""Case 09: a session of o 2.6 that takes turns; and what it has in common with that of o 4.5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

import torch

from dialogue.llm.generation import Step
from dialogue.llm.sampling import SamplingConfig
from dialogue.minicpm.chat.embedding import speaker_spans
from dialogue.minicpm.chat.prompt import SPOKEN_OPENING_O26
from dialogue.minicpm.chat.request import EncodedPicture, EncodedSound, Part, RequestPrompt, make_prompt
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.sessions.session_o26 import SessionO26
from tests.golden.case import Case, Check
from tests.golden.pipelines import parts_of

ROOM = 16_384  # more than any script fills: what leaves a full context is not the reference's business here


def content(case: Case, step: dict[str, Any]) -> list[Part]:
    """What a step gives: text, and names of pictures and sounds with an @ in front."""
    made: list[Part] = []
    for item in step["content"]:
        if not item.startswith("@"):
            made.append(item)
        elif case.given(item[1:]).dtype == torch.uint8:
            made.append(EncodedPicture(case.array(item[1:]), step.get("max_slice_nums") or 1))
        else:
            made.append(EncodedSound(case.array(item[1:])))
    return made


def compare_prompt(case: Case, check: Check, name: str, made: RequestPrompt, logits: torch.Tensor) -> None:
    check.same(f"{name} ids", [made.ids], case.wanted(f"{name}.input_ids"))
    check.close(f"{name} rows", made.rows[None], case.wanted(f"{name}.inputs_embeds"))
    check.close(f"{name} logits", logits[None], case.wanted(f"{name}.last_logits"))
    for kind, spans in (("audio_bounds", made.sounds), ("image_bound", made.pictures)):
        if case.has(f"{name}.{kind}"):
            check.same(f"{name} {kind}", [list(span) for span in spans], case.wanted(f"{name}.{kind}"))


def compare_log(check: Check, kind: str, log: Sequence[dict[str, Any]], before: int, after: int) -> None:
    """What the reference fed, pass by pass, against the length of our cache before and after. Positions are those
    of the cache: none is skipped and none comes twice."""
    entries = [entry for entry in log if entry["kind"] == kind]
    ends = list(accumulate((entry["n"] for entry in entries), initial=before))
    check.same(f"{kind} length", [before, after], [entries[0]["kv_len"] - entries[0]["n"], entries[-1]["kv_len"]])
    check.same(f"{kind} lengths", ends[1:], [entry["kv_len"] for entry in entries])
    for start, end, entry in zip(ends, ends[1:], entries, strict=False):
        if entry.get("position_ids"):
            check.same(f"{kind} positions", [start, end - 1], entry["position_ids"])
        if "kv_before" in entry:
            check.same(f"{kind} before", start, entry["kv_before"])


def session_o26(case: Case, check: Check) -> None:
    model = MiniCPM.of(case.checkpoint)
    session = SessionO26(model, ROOM)
    prefills, answers = 0, 0
    for step in case.inputs["steps"]:
        before = session.cache.length
        if step["op"] == "prefill":
            parts = content(case, step)
            made = session.hear(parts) if prefills else session.introduce(parts)
            assert session.hidden is not None
            compare_prompt(case, check, f"prefill_{prefills}", made, model.decoder.logits(session.hidden))
            compare_log(check, f"prefill_{prefills}", case.expected["log"], before, session.cache.length)
            prefills += 1
        else:
            _answer(case, check, session, answers, int(step["max_new_tokens"]))
            compare_log(check, f"generate_{answers}", case.expected["log"], before, session.cache.length)
            answers += 1
    if "chat" in case.inputs:
        _chat(case, check, model)


def _answer(case: Case, check: Check, session: SessionO26, number: int, limit: int) -> None:
    """Whole calls of three tokens are made, so that the reference may stop beside the limit: an answer that did not
    come to its end is cut where it was cut there."""
    ids, raw = case.wanted(f"gen_{number}.ids").tolist(), case.wanted(f"gen_{number}.step_logits")
    stops, log = session.model.stops(), [entry for entry in case.expected["log"] if "n" in entry]
    finished = [entry["completed"] for entry in case.expected["log"] if entry["kind"] == f"generate_{number}_end"]
    ended = bool(finished and finished[0]) or bool(ids and ids[-1] in stops)
    steps = list(session.answer(max(limit, len(raw)) if ended else len(raw), SamplingConfig(penalty=1.05)))
    check.same(f"answer {number} ends", bool(steps) and steps[-1].token in stops, ended)
    check.close(f"answer {number} logits", torch.stack([step.logits for step in steps]), raw)
    tokens = [step.token for step in steps]
    whole = tokens[:-1] if ended and ids and ids[-1] not in stops else tokens  # the end may not be listed
    check.same(f"answer {number}", whole, ids)
    _compare_fed(check, number, session.model, steps, log)
    if number == 0:
        assert session.speaker is not None
        check.close("speaker", session.speaker[None], case.wanted("spk_hidden"))


def _compare_fed(
    check: Check, number: int, model: MiniCPM, steps: Sequence[Step], log: Sequence[dict[str, Any]]
) -> None:
    """The opening of an answer, then every token of it but the last."""
    opening = model.words.encode(f"<|im_end|>\n<|im_start|>assistant\n{SPOKEN_OPENING_O26}", begin=False)
    fed = [entry["ids"] for entry in log if entry["kind"] == f"generate_{number}" and entry.get("ids")]
    got = [*opening, *(step.token for step in steps[:-1])]
    check.same(f"answer {number} fed", got, [token for ids in fed for token in ids])


def _chat(case: Case, check: Check, model: MiniCPM) -> None:
    """A request that is not a session: everything at once."""
    request = case.inputs["chat"]
    things: dict[str, list[Part]] = {"image": [], "audio": []}
    if request.get("image"):
        things["image"].append(EncodedPicture(case.array(request["image"]), request.get("max_slice_nums")))
    if request.get("audio"):
        things["audio"].append(EncodedSound(case.array(request["audio"])))
    if "chunk_input" in request:
        model = replace(model, config={**model.config, "chunk_input": request["chunk_input"]})
    parts = parts_of(model.kind, request["text"], things)
    made = make_prompt(model, parts, request["use_image_id"])
    check.same("chat ids", [made.ids], case.wanted("chat.input_ids"))
    check.close("chat rows", made.rows[None], case.wanted("chat.inputs_embeds"))
    speakers = speaker_spans(made.ids, model.words)
    for kind, spans in (("audio_bounds", made.sounds), ("image_bound", made.pictures), ("spk_bounds", speakers)):
        if case.has(f"chat.{kind}"):
            check.same(f"chat {kind}", [list(span) for span in spans], case.wanted(f"chat.{kind}"))
    tail = case.wanted("chat.logits").shape[1]
    hidden = model.decoder.forward(model.decoder.new_cache(len(made.ids)), made.rows)[-tail:]
    check.close("chat logits", model.decoder.logits(hidden)[None], case.wanted("chat.logits"))
