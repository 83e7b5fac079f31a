"""Cases 10, 11 and 14: the voices of o 2.6 and o 4.5, and codes to sound."""

from __future__ import annotations

import torch
from safetensors.torch import load_file

from dialogue.minicpm.dvae import CodeDecoder
from dialogue.minicpm.speech_o26 import FIRST_STEPS, SpeechDecoder
from dialogue.minicpm.vocos import Joiner, Vocos
from tests.golden.case import Case, Check


def speech_o26(case: Case, check: Check) -> None:
    voice = SpeechDecoder(case.checkpoint)
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
    keys = state.cache.storage[0, 0, :, : voice.slots.sound]
    check.close("text keys", keys[None], case.wanted("text_kv_k_layer0"))
    _segment(case, check, voice, ids[0], speaker[0])


def _segment(case: Case, check: Check, voice: SpeechDecoder, start: int, speaker: torch.Tensor) -> None:
    """A new segment, begun with the end of the one before it."""
    text, codes = case.given("seg_text_ids").tolist(), case.given("seg_codes").tolist()
    following = case.given("seg_next_codes").tolist()
    state = voice.start(len(codes) + len(following))
    voice.write(state, [start, voice.speaker_token, *text], speaker)
    voice.seed(state, codes[:-1], len(text))
    keys = state.cache.storage[1, 0, :, : state.cache.length]
    check.close("segment keys", keys[None], case.wanted("segment_kv_k_layer1"))
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
