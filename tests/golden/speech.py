"""Cases 10, 11 and 14: the voices of o 2.6 and o 4.5, and codes to sound."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from safetensors.torch import load_file
from torch import Tensor

from dialogue.llm.batching import run_alone
from dialogue.minicpm.speech.dvae import CodeDecoder
from dialogue.minicpm.speech.speech_o26 import FIRST_STEPS, SpeechDecoderO26
from dialogue.minicpm.speech.speech_o45 import CODES_PER_S, Memory, SpeechDecoderO45
from dialogue.minicpm.speech.vocos import Joiner, Vocos
from tests.golden.case import Case, Check


def speech_o26(case: Case, check: Check) -> None:
    voice = SpeechDecoderO26(case.checkpoint)
    speaker = voice.speaker(case.given("spk_hidden"))
    check.close("speaker", speaker, case.wanted("projected_spk"))
    ids, codes = case.given("text_ids").tolist(), case.given("codes").tolist()
    state = voice.start(len(codes))
    logits, seen, spread = [], [], []
    for operation in case.inputs["schedule"]:
        if operation["op"] == "text":
            voice.write(state, ids[operation["begin"] : operation["end"]], speaker[0])
            continue
        for call_step in range(operation["n"]):
            step = state.steps
            visible = voice.slots.visible(voice.slots.sound + step, operation["text_len"])
            seen.append(visible[: voice.slots.sound + 1])
            logits.append(voice.step(state, codes[step - 1] if step else None, operation["text_len"]))
            if step in case.inputs["prob_steps"]:
                spread.append(voice.probabilities(logits[-1], step == 0, call_step >= FIRST_STEPS))
    check.close("logits", torch.stack(logits), case.wanted("raw_logits"))
    check.close("probabilities", torch.stack(spread), case.wanted("probs"))
    check.same("visible", torch.stack(seen).int(), case.wanted("visible").int())
    for (layer,) in case.numbers(r"out\.text_kv_k_layer(\d+)"):
        keys = state.cache.storage[layer, 0, :, : voice.slots.sound]
        check.close(f"text keys {layer}", keys[None], case.wanted(f"text_kv_k_layer{layer}"))
    _segment(case, check, voice, ids[0], speaker[0])


def _segment(case: Case, check: Check, voice: SpeechDecoderO26, start: int, speaker: Tensor) -> None:
    """A new segment, seeded with the end of the previous one."""
    text, codes = case.given("seg_text_ids").tolist(), case.given("seg_codes").tolist()
    following = case.given("seg_next_codes").tolist()
    state = voice.start(len(codes) + len(following))
    voice.write(state, [start, voice.speaker_token, *text], speaker)
    voice.seed(state, codes[:-1], len(text))
    for (layer,) in case.numbers(r"out\.segment_kv_k_layer(\d+)"):
        keys = state.cache.storage[layer, 0, :, : state.cache.length]
        check.close(f"segment keys {layer}", keys[None], case.wanted(f"segment_kv_k_layer{layer}"))
    logits = [voice.step(state, fed, len(text)) for fed in [codes[-1], *following[:-1]]]
    check.close("segment logits", torch.stack(logits), case.wanted("segment_raw_logits"))


@torch.inference_mode()
def codes_to_sound(case: Case, check: Check) -> None:
    decoder = CodeDecoder.of(case.checkpoint)
    vocos = Vocos(load_file(case.folder / "vocos.safetensors"))
    codes = case.given("codes")
    check.close("features", decoder.features(codes), case.wanted("vq_feat"))
    mel = decoder(codes)
    check.close("mel", mel, case.wanted("mel"))
    check.close("sound", vocos(mel)[0], case.wanted("wav"))
    check.close("sound of other mel", vocos(case.given("mel_random"))[0], case.wanted("wav_random"))
    joiner = Joiner(case.inputs["overlap"], hold_all=True)
    check.same("first piece", len(joiner.add(case.given("piece_a"))), 0)
    check.close("joined", joiner.add(case.given("piece_b")), case.wanted("overlap_emitted"))
    check.close("held back", joiner.end(), case.wanted("overlap_held"))


class _Forced:
    """Chooses given codes and records logits and probabilities."""

    def __init__(self, codes: Sequence[int]) -> None:
        self._codes = iter(codes)
        self.logits: list[Tensor] = []
        self.probabilities: list[Tensor] = []

    def __call__(self, logits: Tensor, probabilities: Tensor) -> int:
        self.logits.append(logits)
        self.probabilities.append(probabilities)
        return next(self._codes)

    def compare(self, case: Case, check: Check, name: str, number: int) -> None:
        check.close(f"{name} logits {number}", torch.stack(self.logits), case.wanted(f"{name}_logits_{number}"))
        spread = torch.stack(self.probabilities)
        check.close(f"{name} probabilities {number}", spread, case.wanted(f"{name}_probs_{number}"))


def speech_o45(case: Case, check: Check) -> None:
    voice = SpeechDecoderO45(case.checkpoint)
    conditions = [
        voice.condition(case.given(f"tokens_{number}").tolist(), case.given(f"hidden_{number}"))
        for (number,) in case.numbers(r"in\.tokens_(\d+)")
    ]
    for number, condition in enumerate(conditions):
        check.close(f"condition {number}", voice.with_start(condition)[None], case.wanted(f"cond_{number}"))
    check.same("empty condition", len(voice.with_start(conditions[0][:0])), case.expected["empty_condition_rows"])
    turn = voice.start(memory="full_attention")
    for number, least in enumerate(case.inputs["min_new"]):
        forced = _Forced(case.given(f"codes_{number}").tolist())
        codes = run_alone(voice.second(turn, voice.with_start(conditions[number]), forced, least))
        want = case.expected[f"chunk_{number}"]
        forced.compare(case, check, "duplex", number)
        got = [len(codes), turn.cache.length, turn.position]
        check.same(f"duplex {number}", got, [want["returned"], want["kv_len"], want["text_start_pos_after"]])
    for memory in case.inputs["half_types"]:
        _half_duplex(case, check, voice, memory, conditions)


def _half_duplex(case: Case, check: Check, voice: SpeechDecoderO45, memory: Memory, conditions: list[Tensor]) -> None:
    turn, waiting = voice.start(memory=memory, window=case.inputs["token_window"]), 0
    for number, condition in enumerate(conditions):
        last = number == len(conditions) - 1
        forced = _Forced(case.given(f"half_codes_{number}").tolist())
        codes = list(voice.chunk(turn, voice.with_start(condition, last), forced))
        want = case.expected[f"half_{memory}"][number]
        forced.compare(case, check, f"half_{memory}", number)
        held = min(turn.cache.length, turn.window) if memory == "sliding_window" else turn.cache.length
        got = [held, turn.position, len(forced.logits)]
        check.same(f"{memory} {number} cache", got, [want["kv_len"], want["text_start_pos"], want["steps"]])
        waiting += len(codes)
        given = [[CODES_PER_S, False]] * (waiting // CODES_PER_S)
        waiting %= CODES_PER_S
        # The end of a turn of whole seconds is not specified.
        ends = (
            [[*given, [waiting, True]]] if waiting else [given, [*given, [0, True]], [*given[:-1], [CODES_PER_S, True]]]
        )
        check.one_of(f"{memory} {number} pieces", ends if last else [given], want["yields"])
