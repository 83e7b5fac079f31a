"""Cases 09 and 19: streaming sessions that take turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from dialogue.choose_token import Sampling
from dialogue.minicpm.embedding import speaker_spans
from dialogue.minicpm.model import MiniCPM
from dialogue.minicpm.request import Part, Picture, Prompt, Sound, make_prompt
from dialogue.minicpm.session_o26 import Session as SessionO26
from tests.golden.case import Case, Check
from tests.golden.pipelines import parts_of


def content(case: Case, step: dict[str, Any]) -> list[Part]:
    """What a step gives: text, and names of pictures and sounds with an @ in front."""
    made: list[Part] = []
    for item in step["content"]:
        if not item.startswith("@"):
            made.append(item)
        elif item.startswith("@frame"):
            made.append(Picture(case.array(item[1:]), step.get("max_slice_nums", 1)))
        else:
            made.append(Sound(case.array(item[1:])))
    return made


def compare_prompt(case: Case, check: Check, name: str, made: Prompt, logits: torch.Tensor) -> None:
    check.same(f"{name} ids", [made.ids], case.wanted(f"{name}.input_ids"))
    check.close(f"{name} rows", made.rows[None], case.wanted(f"{name}.inputs_embeds"))
    check.close(f"{name} logits", logits[None], case.wanted(f"{name}.last_logits"))
    for kind, spans in (("audio_bounds", made.sounds), ("image_bound", made.pictures)):
        if case.has(f"{name}.{kind}"):
            check.same(f"{name} {kind}", [list(span) for span in spans], case.wanted(f"{name}.{kind}"))


def session_o26(case: Case, check: Check) -> None:
    model = MiniCPM.of(case.checkpoint)
    session = SessionO26(model, 4096)
    prefills, answers = 0, 0
    log = [entry for entry in case.expected["log"] if "n" in entry]
    for step in case.inputs["steps"]:
        if step["op"] == "prefill":
            parts = content(case, step)
            made = session.introduce(parts) if not prefills else session.hear(parts)
            assert session.hidden is not None
            compare_prompt(case, check, f"prefill_{prefills}", made, model.decoder.logits(session.hidden))
            check.same(f"length after prefill {prefills}", session.cache.length, _length(log, f"prefill_{prefills}"))
            prefills += 1
        else:
            _answer(case, check, session, answers, step["max_new_tokens"])
            check.same(f"length after answer {answers}", session.cache.length, _length(log, f"generate_{answers}"))
            answers += 1
    _chat(case, check, model)


def _length(log: Sequence[dict[str, Any]], kind: str) -> int:
    return max(int(entry["kv_len"]) for entry in log if entry["kind"] == kind)


def _answer(case: Case, check: Check, session: SessionO26, number: int, limit: int) -> None:
    limit = max(limit, len(case.wanted(f"gen_{number}.ids")))  # calls make three tokens: the last may go beyond
    steps = list(session.answer(limit, Sampling(penalty=1.05)))
    check.same(f"answer {number}", [step.token for step in steps], case.wanted(f"gen_{number}.ids"))
    logits = torch.stack([step.logits for step in steps])
    check.close(f"answer {number} logits", logits, case.wanted(f"gen_{number}.step_logits"))
    if number == 0:
        assert session.speaker is not None
        check.close("speaker", session.speaker[None], case.wanted("spk_hidden"))


def _chat(case: Case, check: Check, model: MiniCPM) -> None:
    """A request that is not a session: everything at once."""
    request = case.inputs["chat"]
    picture = Picture(case.array(request["image"]), request["max_slice_nums"])
    parts = parts_of(request["text"], {"image": [picture], "audio": [Sound(case.array(request["audio"]))]})
    made = make_prompt(model, parts, request["use_image_id"])
    check.same("chat ids", [made.ids], case.wanted("chat.input_ids"))
    check.close("chat rows", made.rows[None], case.wanted("chat.inputs_embeds"))
    speakers = speaker_spans(made.ids, model.words)
    for kind, spans in (("audio_bounds", made.sounds), ("image_bound", made.pictures), ("spk_bounds", speakers)):
        check.same(f"chat {kind}", [list(span) for span in spans], case.wanted(f"chat.{kind}"))
    tail = case.wanted("chat.logits").shape[1]
    hidden = model.decoder.forward(model.decoder.new_cache(len(made.ids)), made.rows)[-tail:]
    check.close("chat logits", model.decoder.logits(hidden)[None], case.wanted("chat.logits"))
