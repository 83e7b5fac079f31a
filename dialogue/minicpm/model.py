"""A loaded model: every part of one checkpoint, shared by all sessions and never changed by them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from dialogue.decoder import Decoder
from dialogue.decoder_config import DecoderConfig
from dialogue.linear import Precision
from dialogue.minicpm.audio_encoder import ENCODER, Hearing
from dialogue.minicpm.checkpoint import Checkpoint
from dialogue.minicpm.kind import Kind, kind_of
from dialogue.minicpm.sight import TOWER, Sight
from dialogue.minicpm.vocabulary import Vocabulary

LANGUAGE = "llm."


@dataclass(frozen=True, eq=False)
class MiniCPM:
    """Parts that a checkpoint does not have are None."""

    kind: Kind
    config: dict[str, Any]
    words: Vocabulary
    decoder: Decoder
    sight: Sight | None
    hearing: Hearing | None
    bad_tokens: frozenset[int]  # of full duplex: never to be chosen

    @classmethod
    def of(cls, checkpoint: Checkpoint, precision: Precision = "float32", device: str = "cpu") -> MiniCPM:
        """Only the language model is stored at a low precision: it is nine tenths of the weights."""
        dtype = torch.float32 if precision == "float32" else torch.bfloat16
        return cls(
            kind=kind_of(checkpoint.config),
            config=checkpoint.config,
            words=checkpoint.vocabulary(),
            decoder=decoder_of(checkpoint, precision, device),
            sight=Sight.of(checkpoint, dtype, device) if checkpoint.has(TOWER) else None,
            hearing=Hearing.of(checkpoint, dtype, device) if checkpoint.has(ENCODER) else None,
            bad_tokens=frozenset(checkpoint.side_file("tokenizer_config.json").get("bad_token_ids", ())),
        )

    @property
    def text_scale(self) -> float:
        return float(self.config.get("scale_emb", 1.0))

    def stops(self) -> set[int]:
        """Tokens that end an answer."""
        ends = ("<|end_of_text|>", "<|eot_id|>") if self.kind is Kind.V25 else ("<|im_end|>", "<|endoftext|>")
        return self.words.ids(ends)


def decoder_of(checkpoint: Checkpoint, precision: Precision = "float32", device: str = "cpu") -> Decoder:
    """The language model of a checkpoint."""
    config = DecoderConfig.from_hf(checkpoint.config, kind_of(checkpoint.config).family)
    return Decoder(config, checkpoint.under(LANGUAGE), precision=precision, device=device)


def open_model(folder: Path, precision: Precision = "float32", device: str = "cpu") -> MiniCPM:
    """From the folder of a downloaded model. Raises BadInput where it is not whole."""
    return MiniCPM.of(Checkpoint(folder), precision, device)
