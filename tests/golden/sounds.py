"""Cases 07, 08, 12, 13: mel and the audio encoder, whole and as a stream."""

from __future__ import annotations

from typing import Any

import torch

from dialogue.minicpm.audio.audio_encoder import AudioTower, EncoderCache
from dialogue.minicpm.audio.mel import RATE, MelStream, Samples, log_mel, log_mel_batch
from dialogue.minicpm.chat.prompt import sound_groups
from tests.golden.case import Case, Check

LEAD = 560  # zeros in front of a stream that is fed second by second


def mel_o26(case: Case, check: Check) -> None:
    clips = [case.array(f"wav_{number}") for (number,) in case.numbers(r"in\.wav_(\d+)")]
    for number, clip in enumerate(clips):
        check.close(f"mel {number}", log_mel(clip)[None], case.wanted(f"mel_{number}"))
    together, lengths = log_mel_batch(clips[: len(case.wanted("mel_batch"))])
    check.close("batch", together, case.wanted("mel_batch"))
    check.same("lengths", lengths, case.wanted("lens"))
    _placeholders(check, case.expected["placeholder"], pool=2)


def mel_o45(case: Case, check: Check) -> None:
    clip = case.array("wav")
    check.close("whole", log_mel(clip)[None], case.wanted("mel_offline"))
    check.close("floor", log_mel(clip, floor=True)[None], case.wanted("mel_floor"))
    overlap = case.inputs["redundancy_ms"] * RATE // 1000 // 160
    for name, stream in (("stream", MelStream(overlap, LEAD)), ("turn", MelStream(0, LEAD))):
        for unit in range(case.inputs["units"]):
            before = len(stream.heard) + stream.dropped
            (mel,) = stream.push(_second(case.array("stream"), unit))
            taken, held, dropped, first, last = case.expected[f"{name}_info"][unit]
            check.same(f"{name} {unit} samples", len(stream.heard) + stream.dropped - before, taken)
            check.same(f"{name} {unit} frames", mel.shape[1], case.expected[f"{name}_frames"][unit])
            check.same(f"{name} {unit} buffer", [len(stream.heard), stream.dropped], [held, dropped])
            check.same(f"{name} {unit} core", list(stream.core), [first, last])
            if case.has(f"{name}_{unit}"):
                check.close(f"{name} {unit}", mel[None], case.wanted(f"{name}_{unit}"))
    _placeholders(check, case.expected["placeholder_pool5"], pool=5)


def encoder_o26(case: Case, check: Check) -> None:
    hearing = AudioTower.of(case.checkpoint)
    one, other = case.array("wav"), case.array("wav_b")
    mel = log_mel(one)
    check.close("mel", mel[None], case.wanted("mel"))
    hidden = hearing.encode(mel[None], [mel.shape[1]])
    check.close("hidden", hidden, case.wanted("hidden_block"))
    both = hearing.whole([one, other])
    check.close("blocks", hearing.whole([one])[0], case.wanted("embed_block"))
    check.close("full", hearing.whole([one], look_ahead=True)[0], case.wanted("embed_full"))
    for number, rows in enumerate(both):
        check.close(f"batch {number}", rows, case.wanted(f"embed_batch_{number}"))
    check.same("tokens", [len(both[0]), len(both[0]), len(both[1])], case.expected["tokens"])
    _stream_o26(case, check, hearing)


def _stream_o26(case: Case, check: Check, hearing: AudioTower) -> None:
    stream, cache = case.array("stream"), hearing.encoder.cache()
    for unit in range(len(stream) // RATE):
        mel = log_mel(_second(stream, unit))
        check.close(f"stream mel {unit}", mel[None], case.wanted(f"stream_mel_{unit}"))
        check.close(f"stream {unit}", hearing.step(cache, mel), case.wanted(f"stream_embed_{unit}"))
    _cached(case, check, cache)
    cache, lengths, heard = hearing.encoder.cache(), [], []
    for unit in range(case.inputs["wrap_seconds"]):
        heard.append(hearing.step(cache, log_mel(_second(stream, unit))))
        lengths.append(cache.length)
    check.same("lengths around the reset", lengths, case.expected["wrap_cache_lengths"])
    wanted = [case.wanted(f"wrap_embed_{number}") for (number,) in case.numbers(r"out\.wrap_embed_(\d+)")]
    # Seconds on end around the reset; the case does not say with which they begin.
    begun = min(range(len(heard) - len(wanted) + 1), key=lambda unit: _apart(heard[unit], wanted[0]))
    for number, want in enumerate(wanted):
        check.close(f"around the reset {number}", heard[begun + number], want)


def encoder_o45(case: Case, check: Check) -> None:
    hearing = AudioTower.of(case.checkpoint)
    clip = case.array("wav")
    mel = log_mel(clip)
    check.close("hidden", hearing.encode(mel[None], [mel.shape[1]]), case.wanted("hidden_offline"))
    check.close("whole", hearing.whole([clip])[0], case.wanted("embed_offline"))
    for name, overlap in (("stream", 2), ("turn", 0)):
        mels, cache, tokens = MelStream(overlap, LEAD), hearing.encoder.cache(), []
        for unit in range(case.inputs["units"]):
            (mel,) = mels.push(_second(case.array("stream"), unit))
            front, back = (int(unit > 0), 1) if overlap else (0, 0)
            hidden = _inference(hearing, cache, mel, front, back)
            rows = hearing.rows(hidden)
            tokens.append(len(rows))
            check.close(f"{name} {unit}", rows, case.wanted(f"{name}_embed_{unit}"))
            for kind, got in (("mel", mel), ("hidden", hidden)):
                if case.has(f"{name}_{kind}_{unit}"):
                    check.close(f"{name} {kind} {unit}", got[None], case.wanted(f"{name}_{kind}_{unit}"))
        check.same(f"{name} tokens", tokens, case.expected[f"{name}_tokens"])
        check.same(f"{name} cache", cache.length, case.expected[f"{name}_cache_len"])
        if overlap:
            _cached(case, check, cache)


@torch.inference_mode()
def _inference(hearing: AudioTower, cache: Any, mel: torch.Tensor, front: int, back: int) -> torch.Tensor:
    return hearing.encoder.step(cache, mel, front, back)


def _placeholders(check: Check, wanted: dict[str, Any], pool: int) -> None:
    for samples, want in wanted.items():
        check.same(f"{samples} by second", sound_groups(int(samples), pool, by_second=True), want["chunk_true"])
        check.same(f"{samples} whole", sound_groups(int(samples), pool, by_second=False), want["chunk_false"])


def _second(stream: Samples, unit: int) -> Samples:
    """Streams are repeated from their beginning once they are over."""
    start = unit % (len(stream) // RATE) * RATE
    return stream[start : start + RATE]


def _cached(case: Case, check: Check, cache: EncoderCache) -> None:
    """What the stream left behind, of the layers that the case has."""
    for kind, rows in (("k", cache.keys), ("v", cache.values)):
        for (layer,) in case.numbers(rf"out\.cache_{kind}_layer(\d+)"):
            check.close(f"cache {kind} {layer}", rows(layer)[None], case.wanted(f"cache_{kind}_layer{layer}"))


def _apart(got: torch.Tensor, want: torch.Tensor) -> float:
    return float((got - want).abs().max()) if got.shape == want.shape else float("inf")
