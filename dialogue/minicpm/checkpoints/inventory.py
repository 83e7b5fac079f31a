"""Lists the tensors of a complete checkpoint of each kind, names and shapes, from its config.

Used to find missing tensors before loading, to estimate memory before a download, and to write tiny checkpoints. Sizes
that no config states are taken from the file if it exists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from dialogue.errors import AssistantError, BadInput
from dialogue.llm.checkpoints.adapter import LANGUAGE
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.checkpoints.decoder_config import DecoderConfig
from dialogue.llm.checkpoints.decoder_tensors import SPARE, Shapes, decoder_tensors
from dialogue.minicpm.audio.audio_encoder import ENCODER, PROJECTOR, AudioEncoder, AudioProjector
from dialogue.minicpm.kind import Kind, kind_of
from dialogue.minicpm.speech.dvae import DECODER, CodeDecoder, CodeSizes
from dialogue.minicpm.speech.speech_backbone import VOICE, Projector
from dialogue.minicpm.vision.picture_encoder import RESAMPLER, TOWER
from dialogue.minicpm.vision.resampler import PerceiverResampler
from dialogue.minicpm.vision.slicing import SliceRule
from dialogue.minicpm.vision.vision_tower import VisionTower
from dialogue.sizing.inspection import Differences

Fields = Mapping[str, Any]
MAX_COUNT = 10_000  # of layers and of everything else counted: a config with more is damaged


def compare(checkpoint: Checkpoint) -> Differences:
    """The differences between a checkpoint and its config."""
    want, have = wanted(checkpoint.config, checkpoint.shapes), checkpoint.shapes
    return Differences(
        missing=sorted(name for name in want if name not in have),
        unknown=sorted(name for name in have if name not in want and not SPARE.match(name)),
        misshapen=sorted(
            [
                *(
                    f"{name} is {have[name]}, not {shape}"
                    for name, shape in want.items()
                    if have.get(name, shape) != shape
                ),
                *checkpoint.non_float_tensors(want),
            ]
        ),
    )


def wanted(config: Fields, found: Shapes | None = None) -> dict[str, tuple[int, ...]]:
    """Every tensor needed to run a model with this config. `found` are the shapes in its file. Raises BadInput for a
    config with missing or invalid fields."""
    try:
        _check(config)
        return _wanted(config, found or {})
    except AssistantError:
        raise
    except KeyError as error:
        raise BadInput(f"The model's config.json lacks {error}; download it again.") from error
    except Exception as error:  # each class of transformers raises its own exceptions for a bad field
        raise BadInput(f"The model's config.json is invalid ({error}); download it again.") from error


def _check(config: Fields) -> None:
    """Check fields that no tensor shape determines. Raises KeyError or ValueError for missing or invalid fields."""
    for name in ("vision_config", "audio_config", "tts_config", "slice_config"):
        if not isinstance(config.get(name) or {}, Mapping):
            raise ValueError(f"{name} is {config[name]!r}")
    kind, audio = kind_of(config), config.get("init_audio", True)
    rule = SliceRule.from_config(config)
    counts = {
        "num_hidden_layers": config.get("num_hidden_layers", 1),
        "vision_config.num_hidden_layers": (config.get("vision_config") or {}).get("num_hidden_layers", 1),
        "audio_config.encoder_layers": (config.get("audio_config") or {}).get("encoder_layers", 1),
        "tts_config.num_hidden_layers": (config.get("tts_config") or {}).get("num_hidden_layers", 1),
        "audio_pool_step": config["audio_pool_step"] if kind.hears and audio else 1,
        "vision_batch_size": config.get("vision_batch_size", 1),
        "slice_config.max_slice_nums": rule.max_slices,
        "slice_config.scale_resolution": rule.scale,
        "slice_config.patch_size": rule.patch,
    }
    for name, count in counts.items():
        if not isinstance(count, int) or not 1 <= count <= MAX_COUNT:
            raise ValueError(f"{name} is {count!r}")


def _wanted(config: Fields, found: Shapes) -> dict[str, tuple[int, ...]]:
    kind = kind_of(config)
    if kind is Kind.TEXT3:
        return _text_model(config)
    parts: dict[str, Shapes] = {LANGUAGE: decoder_tensors(DecoderConfig.from_hf(config, kind.family))}
    if config.get("init_vision", True):
        parts |= _vision(config, found)
    if kind.hears and config.get("init_audio", True):
        parts |= _audio(config)
    if kind.hears and config.get("init_tts", True):
        parts[VOICE] = _voice(config, found, kind)
    return {prefix + name: shape for prefix, tensors in parts.items() for name, shape in tensors.items()}


def _vision(config: Fields, found: Shapes) -> dict[str, Shapes]:
    fields = config["vision_config"]
    layers = fields["num_hidden_layers"]
    numbered = re.compile(rf"{re.escape(TOWER)}encoder\.layers\.{layers - 1}\.")
    if config.get("drop_vision_last_layer") and not any(numbered.match(name) for name in found):
        layers -= 1
    positions = (fields["image_size"] // fields["patch_size"]) ** 2
    tower = _shapes(lambda: VisionTower(fields, layers, positions))
    width, queries = config["hidden_size"], config.get("query_num", 64)
    return {TOWER: tower, RESAMPLER: _shapes(lambda: PerceiverResampler(queries, width, fields["hidden_size"]))}


def _audio(config: Fields) -> dict[str, Shapes]:
    fields = config["audio_config"]
    encoder = _shapes(lambda: AudioEncoder(fields, fields["encoder_layers"]))
    return {ENCODER: encoder, PROJECTOR: _shapes(lambda: AudioProjector(fields["d_model"], config["hidden_size"]))}


def voice_fields(config: Fields, kind: Kind) -> dict[str, Any]:
    """`tts_config` with the defaults of its kind for omitted fields."""
    sizes = {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12, "num_hidden_layers": 20}
    old = {"num_audio_tokens": 626, "num_text_tokens": 21178, "num_vq": 4, "num_mel_bins": 100}
    new = {"num_audio_tokens": 6562, "num_text_tokens": 152064, "num_vq": 1}
    usual = {**sizes, **(old if kind is Kind.O26 else new), "llm_dim": config["hidden_size"]}
    return {**usual, **(config.get("tts_config") or {})}


def _voice(config: Fields, found: Shapes, kind: Kind) -> dict[str, tuple[int, ...]]:
    fields = voice_fields(config, kind)
    width, codes = fields["hidden_size"], fields["num_audio_tokens"]
    backbone = DecoderConfig.from_hf({"vocab_size": 1, "tie_word_embeddings": True, **_backbone(fields)}, "llama")
    tensors = {name: shape for name, shape in decoder_tensors(backbone).items() if "embed_tokens" not in name}
    tensors["emb_text.weight"] = (fields["num_text_tokens"], width)
    for code in range(fields["num_vq"]):
        head = f"head_code.{code}.parametrizations.weight.original"
        tensors |= {f"emb_code.{code}.weight": (codes, width), f"{head}0": (codes, 1), f"{head}1": (codes, width)}
    name = "projector" if kind is Kind.O26 else "projector_semantic"
    projector = _shapes(lambda: Projector(fields["llm_dim"], width))
    tensors |= {f"{name}.{key}": shape for key, shape in projector.items()}
    if kind is Kind.O26:
        sizes = CodeSizes.of(found) if found else CodeSizes(bins=fields["num_mel_bins"])
        dvae = DECODER.removeprefix(VOICE)
        tensors |= {dvae + key: shape for key, shape in _shapes(lambda: CodeDecoder(sizes)).items()}
    return tensors


def _backbone(fields: Fields) -> dict[str, Any]:
    names = ("hidden_size", "intermediate_size", "num_attention_heads", "num_hidden_layers", "num_key_value_heads")
    return {name: fields[name] for name in names if name in fields}


def _text_model(config: Fields) -> dict[str, tuple[int, ...]]:
    """Tensors of MiniCPM3 in transformers' layout."""
    from transformers import MiniCPM3Config, MiniCPM3ForCausalLM

    shapes = _shapes(lambda: MiniCPM3ForCausalLM(MiniCPM3Config(**config)))
    if config.get("tie_word_embeddings", True):
        shapes.pop("lm_head.weight", None)
    return shapes


def _shapes(make: Any) -> dict[str, tuple[int, ...]]:
    """Shapes of a module that is built on the meta device."""
    with torch.device("meta"):
        module: nn.Module = make()
    return {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
