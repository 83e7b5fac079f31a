"""Cases 05, 06 and 18: a whole request, from text, pictures and sound to tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from dialogue.choose_token import GREEDY, Sampling
from dialogue.minicpm.generation import Step, generate
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.model import MiniCPM
from dialogue.minicpm.request import Part, Picture, Prompt, Sound, make_prompt
from tests.golden.case import Case, Check

MARK = re.compile(r"\(?<(image|audio)>\./</(?:image|audio)>\)?")


def parts_of(text: str, things: Mapping[str, Sequence[Part]]) -> list[Part]:
    """Text with "(<image>./</image>)" and "(<audio>./</audio>)" replaced by the next thing of its kind."""
    left = {kind: list(parts) for kind, parts in things.items()}
    parts: list[Part] = []
    begun = 0
    for mark in MARK.finditer(text):
        parts += [text[begun : mark.start()], left[mark[1]].pop(0)]
        begun = mark.end()
    return [*parts, text[begun:]]


def visible(model: MiniCPM, prompt: Prompt) -> Tensor:
    """2.6 masks token 0 wherever it stands."""
    return prompt.without(0) if model.kind is Kind.V26 else prompt.rows


def answer(model: MiniCPM, prompt: Prompt, limit: int, sampling: Sampling = GREEDY) -> list[Step]:
    rows = visible(model, prompt)
    cache = model.decoder.new_cache(len(rows) + limit)
    return list(generate(model.decoder, cache, rows, limit, model.stops(), sampling))


def pipeline(case: Case, check: Check) -> None:
    model = MiniCPM.of(case.checkpoint)
    for name, request in case.inputs.items():
        alone = isinstance(request["text"], str)
        texts, images = ([request["text"]], [request["images"]]) if alone else (request["text"], request["images"])
        prompts = []
        for text, chosen in zip(texts, images, strict=True):
            pictures = [Picture(case.array(f"image_{number}"), request.get("max_slice_nums")) for number in chosen]
            parts = parts_of(text, {"image": pictures})
            prompts.append(make_prompt(model, parts, bool(request.get("use_image_id"))))
        _inputs(case, check, name, prompts)
        for row, prompt in enumerate(prompts):
            _answers(case, check, name, row, model, prompt)


def _inputs(case: Case, check: Check, name: str, prompts: Sequence[Prompt]) -> None:
    """Shorter prompts are padded with token 0 on the left."""
    longest = max(len(prompt.ids) for prompt in prompts)
    ids = [[0] * (longest - len(prompt.ids)) + prompt.ids for prompt in prompts]
    check.same(f"{name} ids", ids, case.wanted(f"{name}.input_ids"))
    for row, prompt in enumerate(prompts):
        padding = longest - len(prompt.ids)
        rows = case.wanted(f"{name}.inputs_embeds")[row, padding:]
        check.close(f"{name} rows {row}", prompt.rows, rows)
        bounds = [[start + padding, end + padding] for start, end in prompt.pictures]
        check.same(f"{name} places {row}", bounds, case.wanted(f"{name}.bound_{row}"))
    if case.has(f"{name}.attention_mask"):
        mask = torch.tensor(ids) != 0
        check.same(f"{name} mask", mask, case.wanted(f"{name}.attention_mask"))
    if case.has(f"{name}.vision_features"):
        features = torch.cat([prompt.features for prompt in prompts if prompt.features is not None])
        check.close(f"{name} features", features, case.wanted(f"{name}.vision_features"))


def _answers(case: Case, check: Check, name: str, row: int, model: MiniCPM, prompt: Prompt) -> None:
    limit, limit_penalty = (case.wanted(f"{name}.{kind}").shape[1] for kind in ("greedy", "greedy_rep"))
    if case.has(f"{name}.logits_full"):
        hidden = model.decoder.forward(model.decoder.new_cache(len(prompt.ids)), prompt.rows)
        check.close(f"{name} logits", model.decoder.logits(hidden)[None], case.wanted(f"{name}.logits_full"))
    steps = answer(model, prompt, limit)
    count = len(steps)
    check.same(f"{name} greedy {row}", [step.token for step in steps], case.wanted(f"{name}.greedy")[row, :count])
    _ended(check, f"{name} greedy {row}", model, steps, limit)
    logits = torch.stack([step.logits for step in steps])
    check.close(f"{name} steps {row}", logits, case.wanted(f"{name}.step_logits")[row, :count])
    steps = answer(model, prompt, limit_penalty, Sampling(penalty=1.05))
    tokens = [step.token for step in steps]
    check.same(f"{name} penalty {row}", tokens, case.wanted(f"{name}.greedy_rep")[row, : len(steps)])


def _ended(check: Check, name: str, model: MiniCPM, steps: Sequence[Step], limit: int) -> None:
    check.same(f"{name} end", len(steps) == limit or steps[-1].token in model.stops(), True)


def chat_o45(case: Case, check: Check) -> None:
    model = MiniCPM.of(case.checkpoint)
    picture = Picture(case.array("image"), case.inputs["max_slice_nums"])
    parts = parts_of(case.inputs["text"], {"image": [picture], "audio": [Sound(case.array("audio"))]})
    prompt = make_prompt(model, parts, case.inputs["use_image_id"])
    check.same("ids", [prompt.ids], case.wanted("input_ids"))
    check.close("rows", prompt.rows[None], case.wanted("inputs_embeds"))
    check.same("sounds", [list(span) for span in prompt.sounds], case.wanted("audio_bounds"))
    check.same("pictures", [list(span) for span in prompt.pictures], case.wanted("image_bound"))
    tail = case.wanted("logits").shape[1]
    hidden = model.decoder.forward(model.decoder.new_cache(len(prompt.ids)), prompt.rows)[-tail:]
    check.close("logits", model.decoder.logits(hidden)[None], case.wanted("logits"))
    steps = answer(model, prompt, len(case.wanted("greedy")))
    check.same("greedy", [step.token for step in steps], case.wanted("greedy"))
    check.close("steps", torch.stack([step.logits for step in steps]), case.wanted("step_logits"))
