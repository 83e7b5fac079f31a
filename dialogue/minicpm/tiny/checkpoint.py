"""Complete checkpoints of every kind with tiny random weights: all files of a download, a few megabytes.

They answer nonsense, but everything runs on them: for tests, for trying an installation out, and for measuring what
does not depend on the weights.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from dialogue.minicpm.checkpoints.inventory import wanted
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.speech.dvae import CodeSizes
from dialogue.minicpm.speech.token2wav_files import FOLDER
from dialogue.minicpm.tiny.token2wav import write_token2wav
from dialogue.minicpm.tiny.tokenizer import byte_tokenizer, letter_tokenizer, special_tokens

WIDTH = 128
VOICE_SPECIALS = ("[PAD]", "[Stts]", "[Ptts]", "[Etts]", "[spk_emb]")
KINDS = {"v2.5": Kind.V25, "v2.6": Kind.V26, "3": Kind.TEXT3, "o2.6": Kind.O26, "o4.5": Kind.O45}


def write_tiny(kind: Kind, folder: Path, seed: int = 0) -> Path:
    """Write a checkpoint into `folder`, which is made; returns it. The same seed gives the same weights."""
    folder.mkdir(parents=True, exist_ok=True)
    config = tiny_config(kind)
    _write_json(folder / "config.json", config)
    byte_tokenizer(kind).save(str(folder / "tokenizer.json"))
    _write_json(folder / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", "bad_token_ids": []})
    generator = torch.Generator().manual_seed(seed)
    shapes = wanted(config, _tiny_code_shapes() if kind is Kind.O26 else None)
    tensors = {name: _random(name, shape, generator) for name, shape in shapes.items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    if kind.sees:
        fields = {"max_slice_nums": 9, "scale_resolution": 448, "patch_size": 14, "use_image_id": kind is not Kind.V25}
        _write_json(folder / "preprocessor_config.json", fields)
    if kind is Kind.O26:
        _write_voice_files(folder / "assets", generator)
    if kind is Kind.O45:
        write_token2wav(folder / FOLDER, generator)
    return folder


def tiny_config(kind: Kind) -> dict[str, Any]:
    """A config in the released layout."""
    tokens = 256 + len(special_tokens(kind))
    language = {
        "hidden_size": WIDTH,
        "intermediate_size": 192,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "vocab_size": tokens,
        "hidden_act": "silu",
        "max_position_embeddings": 32768,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1e6,
        "tie_word_embeddings": False,
        "head_dim": WIDTH // 4,
    }
    if kind is Kind.TEXT3:
        return _text_config(language)
    config = {
        "model_type": "minicpmo" if kind.hears else "minicpmv",
        "version": {Kind.V25: "2.5", Kind.V26: "2.6", Kind.O26: "2.6", Kind.O45: "4.5"}[kind],
        **language,
        "query_num": 96 if kind is Kind.V25 else 64,
        "drop_vision_last_layer": kind is Kind.O45,
        "slice_config": {"max_slice_nums": 9, "patch_size": 14, "scale_resolution": 448},
        "vision_config": {
            "model_type": "idefics2" if kind is Kind.V25 else "siglip",
            "hidden_size": 16,
            "image_size": 980,
            "intermediate_size": 32,
            "num_attention_heads": 2,
            "num_hidden_layers": 3,
            "patch_size": 14,
        },
    }
    return config | _hearing_config(kind) if kind.hears else config


def _hearing_config(kind: Kind) -> dict[str, Any]:
    pool, chunked = (2, True) if kind is Kind.O26 else (5, False)
    return {
        "audio_pool_step": pool,
        "audio_chunk_length": 1.0,
        "chunk_input": chunked,
        "audio_config": {
            "d_model": 32,
            "encoder_layers": 2,
            "encoder_attention_heads": 4,
            "encoder_ffn_dim": 64,
            "num_mel_bins": 80,
            "max_source_positions": 1500,
        },
        "tts_config": _voice_config(kind),
    }


def _voice_config(kind: Kind) -> dict[str, Any]:
    sizes = {"llm_dim": WIDTH, "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4}
    sizes |= {"num_hidden_layers": 2, "max_position_embeddings": 4096}
    if kind is Kind.O45:
        tokens = 256 + len(special_tokens(kind))
        codes = {"num_vq": 1, "num_audio_tokens": 130, "num_text_tokens": tokens + 2}
        return {**sizes, **codes, "audio_bos_token_id": tokens, "text_eos_token_id": tokens + 1}
    ids = {f"{name}_token_id": VOICE_SPECIALS.index(token) for name, token in _VOICE_IDS.items()}
    return {**sizes, **ids, "num_vq": 4, "num_audio_tokens": 626, "num_text_tokens": 64, "num_mel_bins": 100}


_VOICE_IDS = {"audio_bos": "[Ptts]", "text_eos": "[Etts]", "spk_emb": "[spk_emb]"}


def _text_config(language: dict[str, Any]) -> dict[str, Any]:
    latent = {"q_lora_rank": 32, "kv_lora_rank": 16, "qk_nope_head_dim": 16, "qk_rope_head_dim": 16, "v_head_dim": 16}
    scales = {"scale_emb": 12, "scale_depth": 1.4, "dim_model_base": 64}
    # The released head is tied; with random weights that would repeat the last token for ever.
    own = {"num_key_value_heads": 4, "tie_word_embeddings": False, "rope_theta": 1e4, "bos_token_id": 1}
    return {"model_type": "minicpm3", **language, **latent, **scales, **own, "head_dim": 16}


def _tiny_code_shapes() -> dict[str, tuple[int, ...]]:
    """Shapes that tell the size of a small decoder of codes."""
    sizes = CodeSizes(bottleneck=16, width=32, inner=64, blocks=2)
    at = "tts.dvae."
    return {
        f"{at}decoder.conv_in.0.weight": (sizes.bottleneck, sizes.features, 3),
        f"{at}decoder.conv_in.2.weight": (sizes.width, sizes.bottleneck, 3),
        f"{at}decoder.decoder_block.{sizes.blocks - 1}.coef": (sizes.width,),
        f"{at}decoder.decoder_block.0.pwconv1.weight": (sizes.inner, sizes.width),
    }


def _write_voice_files(folder: Path, generator: torch.Generator) -> None:
    """What o 2.6's voice has beside the checkpoint: its own tokenizer, and the vocoder."""
    (folder / "chattts_tokenizer").mkdir(parents=True, exist_ok=True)
    letter_tokenizer(VOICE_SPECIALS).save(str(folder / "chattts_tokenizer" / "tokenizer.json"))
    width, inner, bins, size = 32, 64, 100, 1024
    shapes: dict[str, tuple[int, ...]] = {
        "backbone.embed.weight": (width, bins, 7),
        "backbone.embed.bias": (width,),
        "head.out.weight": (size + 2, width),
        "head.out.bias": (size + 2,),
    }
    for norm in ("backbone.norm", "backbone.final_layer_norm", "backbone.convnext.0.norm"):
        shapes |= {f"{norm}.weight": (width,), f"{norm}.bias": (width,)}
    block = "backbone.convnext.0."
    shapes |= {f"{block}dwconv.weight": (width, 1, 7), f"{block}dwconv.bias": (width,), f"{block}gamma": (width,)}
    shapes |= {f"{block}pwconv1.weight": (inner, width), f"{block}pwconv1.bias": (inner,)}
    shapes |= {f"{block}pwconv2.weight": (width, inner), f"{block}pwconv2.bias": (width,)}
    tensors = {name: _random(name, shape, generator).float() for name, shape in shapes.items()}
    torch.save({**tensors, "head.istft.window": torch.hann_window(size)}, folder / "Vocos.pt")


def _random(name: str, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Of a spread that keeps activations alive through a few layers: norms and scales near one, biases small."""
    if "norm" in name or name.endswith((".coef", ".gamma", "original0", "layer_norm.weight")) or ".ln_" in name:
        centre = 0.0 if name.endswith(".bias") else 1.0
        return (centre + 0.1 * torch.randn(shape, generator=generator)).to(torch.bfloat16)
    inputs = math.prod(shape[1:]) if len(shape) > 1 else 1
    spread = 0.05 if len(shape) == 1 else 1.0 if "emb" in name or "query" in name else inputs**-0.5
    return (spread * torch.randn(shape, generator=generator)).to(torch.bfloat16)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
