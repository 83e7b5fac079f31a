"""A loaded model: every part of one checkpoint, read-only and shared by all sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from dialogue.llm.checkpoints.adapter import LANGUAGE, Adapter
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.checkpoints.decoder_config import DecoderConfig
from dialogue.llm.checkpoints.vocabulary import Vocabulary
from dialogue.llm.decoder import Decoder, Progress
from dialogue.llm.precision import Precision
from dialogue.minicpm.audio.audio_encoder import ENCODER, AudioTower
from dialogue.minicpm.kind import Kind, kind_of
from dialogue.minicpm.speech.speech_backbone import VOICE
from dialogue.minicpm.speech.speech_o45 import SpeechDecoderO45
from dialogue.minicpm.speech.voice_o26 import ASSETS, VoiceO26
from dialogue.minicpm.vision.picture_encoder import TOWER, PictureEncoder


@dataclass(frozen=True, eq=False)
class MiniCPM:
    """Parts that the checkpoint lacks are None."""

    kind: Kind
    config: dict[str, Any]
    words: Vocabulary
    decoder: Decoder
    vision: PictureEncoder | None
    audio: AudioTower | None
    voice: VoiceO26 | SpeechDecoderO45 | None
    bad_tokens: frozenset[int]  # never chosen in full duplex

    @classmethod
    def of(
        cls,
        checkpoint: Checkpoint,
        precision: Precision = "float32",
        device: str = "cpu",
        on_progress: Progress | None = None,
        adapters: Sequence[Adapter] = (),
    ) -> MiniCPM:
        """Load all parts. int8 and int4 apply to the language model only, which is nine tenths of the weights."""
        dtype = torch.float32 if precision == "float32" else torch.bfloat16
        return cls(
            kind=kind_of(checkpoint.config),
            config=checkpoint.config,
            words=checkpoint.vocabulary(),
            decoder=decoder_of(checkpoint, precision, device, on_progress, adapters),
            vision=PictureEncoder.of(checkpoint, dtype, device) if checkpoint.has(TOWER) else None,
            audio=AudioTower.of(checkpoint, dtype, device) if checkpoint.has(ENCODER) else None,
            voice=voice_of(checkpoint, "float32" if precision == "float32" else "bfloat16", device),
            bad_tokens=frozenset(checkpoint.side_file("tokenizer_config.json").get("bad_token_ids", ())),
        )

    @property
    def text_scale(self) -> float:
        """The factor of text rows."""
        return float(self.config.get("scale_emb", 1.0))

    def stops(self) -> set[int]:
        """Tokens that end a reply."""
        ends = ("<|end_of_text|>", "<|eot_id|>") if self.kind is Kind.V25 else ("<|im_end|>", "<|endoftext|>")
        return self.words.ids(ends)


def decoder_of(
    checkpoint: Checkpoint,
    precision: Precision = "float32",
    device: str = "cpu",
    on_progress: Progress | None = None,
    adapters: Sequence[Adapter] = (),
) -> Decoder:
    """The language model of a checkpoint."""
    config = DecoderConfig.from_hf(checkpoint.config, kind_of(checkpoint.config).family)
    weights = checkpoint.under(LANGUAGE, copied=precision in ("int8", "int4"))
    group = kind_of(checkpoint.config).group
    return Decoder(
        config, weights, precision=precision, device=device, group=group, adapters=adapters, on_progress=on_progress
    )


def voice_of(checkpoint: Checkpoint, precision: Precision, device: str) -> VoiceO26 | SpeechDecoderO45 | None:
    """The voice, or None if the checkpoint or, for o 2.6, its `assets` folder lacks it."""
    if not checkpoint.has(f"{VOICE}emb_text."):
        return None
    if kind_of(checkpoint.config) is Kind.O45:
        return SpeechDecoderO45(checkpoint, precision, device)
    return VoiceO26.of(checkpoint, precision, device) if (checkpoint.folder / ASSETS).is_dir() else None
