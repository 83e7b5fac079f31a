"""Cases 05, 06 and 18: a whole request, from text, pictures and sound to tokens."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from dialogue.llm.generation import Step, generate
from dialogue.llm.sampling import GREEDY, SamplingConfig
from dialogue.minicpm.chat.request import EncodedPicture, EncodedSound, Part, RequestPrompt, make_prompt
from dialogue.minicpm.checkpoints.model import MiniCPM
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.vision.slicing import sizes_of
from tests.golden.case import Case, Check

PENALTY = 1.05  # of greedy_rep
MARK = re.compile(r"\(<(image|audio)>\./</\1>\)")
MARK_O45 = re.compile(r"<(image|audio)>\./</\1>")


def parts_of(kind: Kind, text: str, things: Mapping[str, Sequence[Part]]) -> list[Part]:
    """Text with "(<image>./</image>)" and "(<audio>./</audio>)", in 4.5 without the parentheses, replaced by the next
    thing of its kind."""
    left = {kind: list(parts) for kind, parts in things.items()}
    parts: list[Part] = []
    begun = 0
    for mark in (MARK_O45 if kind is Kind.O45 else MARK).finditer(text):
        parts += [text[begun : mark.start()], left[mark[1]].pop(0)]
        begun = mark.end()
    return [*parts, text[begun:]]


def visible(model: MiniCPM, prompt: RequestPrompt) -> Tensor:
    """2.6 masks token 0 wherever it stands."""
    return prompt.without(0) if model.kind is Kind.V26 else prompt.rows


def answer(model: MiniCPM, prompt: RequestPrompt, limit: int, sampling: SamplingConfig = GREEDY) -> list[Step]:
    rows = visible(model, prompt)
    cache = model.decoder.new_cache(len(rows) + limit)
    return list(generate(model.decoder, cache, rows, limit, model.stops(), sampling))


def pipeline(case: Case, check: Check) -> None:
    model = MiniCPM.of(case.checkpoint)
    numbered = bool(model.config.get("use_image_id", False))
    for name, request in case.inputs.items():
        alone = isinstance(request["text"], str)
        texts, images = ([request["text"]], [request["images"]]) if alone else (request["text"], request["images"])
        prompts, sizes = [], list[tuple[int, int]]()
        for text, chosen in zip(texts, images, strict=True):
            pictures = [
                EncodedPicture(case.array(f"image_{number}"), request.get("max_slice_nums")) for number in chosen
            ]
            sizes += [size for picture in pictures for size in _sizes(model, picture)]
            parts = parts_of(model.kind, text, {"image": pictures})
            prompts.append(make_prompt(model, parts, bool(request.get("use_image_id", numbered))))
        if case.has(f"{name}.tgt_sizes"):
            check.same(f"{name} sizes", [list(size) for size in sizes], case.wanted(f"{name}.tgt_sizes"))
        _inputs(case, check, name, prompts)
        for row, prompt in enumerate(prompts):
            _answers(case, check, name, row, model, prompt)


def _sizes(model: MiniCPM, picture: EncodedPicture) -> list[tuple[int, int]]:
    assert model.sight is not None
    return sizes_of(model.sight.cut(picture.rgb, picture.max_slices)[1])


def _inputs(case: Case, check: Check, name: str, prompts: Sequence[RequestPrompt]) -> None:
    """Shorter prompts are padded with token 0 on the left."""
    longest = max(len(prompt.ids) for prompt in prompts)
    ids = [[0] * (longest - len(prompt.ids)) + prompt.ids for prompt in prompts]
    check.same(f"{name} ids", ids, case.wanted(f"{name}.input_ids"))
    if "n_tokens" in case.expected.get(name, ()):
        check.same(f"{name} length", longest, case.expected[name]["n_tokens"])
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


def _answers(case: Case, check: Check, name: str, row: int, model: MiniCPM, prompt: RequestPrompt) -> None:
    if case.has(f"{name}.logits_full"):
        want = case.wanted(f"{name}.logits_full")
        hidden = model.decoder.forward(model.decoder.new_cache(len(prompt.ids)), prompt.rows)
        check.close(f"{name} logits", model.decoder.logits(hidden), want[row, want.shape[1] - len(prompt.ids) :])
    for kind, sampling in (("greedy", GREEDY), ("greedy_rep", SamplingConfig(penalty=PENALTY))):
        want = case.wanted(f"{name}.{kind}")[row]
        steps = answer(model, prompt, len(want), sampling)
        tokens, count = [step.token for step in steps], len(steps)
        check.same(f"{name} {kind} {row}", tokens, want[:count])
        # Behind the end of a shorter answer of a batch there is nothing of its own.
        check.same(f"{name} {kind} {row} end", count == len(want) or tokens[-1] in model.stops(), True)
        if kind == "greedy":
            logits = torch.stack([step.logits for step in steps])
            check.close(f"{name} steps {row}", logits, case.wanted(f"{name}.step_logits")[row, :count])


def chat_o45(case: Case, check: Check) -> None:
    model = MiniCPM.of(case.checkpoint)
    pictures = [EncodedPicture(case.array(name), case.inputs.get("max_slice_nums")) for name in _named(case, "image")]
    sounds = [EncodedSound(case.array(name)) for name in _named(case, "audio")]
    parts = parts_of(model.kind, case.inputs["text"], {"image": pictures, "audio": sounds})
    prompt = make_prompt(model, parts, case.inputs["use_image_id"])
    check.same("ids", [prompt.ids], case.wanted("input_ids"))
    if "n" in case.expected:
        check.same("length", len(prompt.ids), case.expected["n"])
    check.close("rows", prompt.rows[None], case.wanted("inputs_embeds"))
    check.same("sounds", [list(span) for span in prompt.sounds], case.wanted("audio_bounds"))
    check.same("pictures", [list(span) for span in prompt.pictures], case.wanted("image_bound"))
    tail = case.wanted("logits").shape[1]
    hidden = model.decoder.forward(model.decoder.new_cache(len(prompt.ids)), prompt.rows)[-tail:]
    check.close("logits", model.decoder.logits(hidden)[None], case.wanted("logits"))
    want = case.wanted("greedy")
    steps = answer(model, prompt, len(case.wanted("step_logits")))
    check.close("steps", torch.stack([step.logits for step in steps]), case.wanted("step_logits"))
    check.same("greedy", [step.token for step in steps][: len(want)], want)


def _named(case: Case, kind: str) -> list[str]:
    """ "image", or "image_0", "image_1" and so on, as far as there are any."""
    numbered = [f"{kind}_{number}" for (number,) in case.numbers(rf"in\.{kind}_(\d+)")]
    return [kind] if case.gives(kind) else numbered
