"""Writes tiny random checkpoints of other image-text families, by transformers' classes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken
from transformers import AutoModelForImageTextToText, PreTrainedTokenizerFast
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from dialogue.minicpm.kind import Kind
from dialogue.minicpm.tiny.tokenizer import byte_tokenizer

OTHERS = ("qwen2_vl", "llava", "gemma3")
PICTURE = {"qwen2_vl": "<|image_pad|>", "llava": "<image>", "gemma3": "<image_soft_token>"}
PLACEHOLDER = {**PICTURE, "gemma3": "<start_of_image>"}
MORE = ("<|image_pad|>", "<|video_pad|>", "<start_of_image>", "<end_of_image>", "<image_soft_token>")
TOWER = {"intermediate_size": 64, "num_attention_heads": 2, "image_size": 56, "patch_size": 14, "hidden_size": 32}


def write_other(kind: str, folder: Path) -> Path:
    """Writes into the existing `folder` and returns it."""
    tokenizer = _tokenizer(kind)
    tokenizer.save_pretrained(folder)
    config, files = _config(kind, tokenizer)
    torch.manual_seed(0)
    AutoModelForImageTextToText.from_config(CONFIG_MAPPING[kind](**config)).save_pretrained(folder)
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    return folder


def _tokenizer(kind: str) -> Any:
    backend = byte_tokenizer(Kind.V26)
    backend.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in MORE])
    named = {"image_token": PICTURE[kind], "video_token": "<|video_pad|>"}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        unk_token="<unk>",
        extra_special_tokens={**named, "boi_token": "<start_of_image>", "eoi_token": "<end_of_image>"},
    )
    tokenizer.chat_template = (
        "{% for message in messages %}<|im_start|>{{ message.role }}\n{% for item in message.content %}"
        "{% if item.type == 'image' %}" + PLACEHOLDER[kind] + "{% else %}{{ item.text }}{% endif %}{% endfor %}"
        "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    return tokenizer


def _config(kind: str, tokenizer: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The model's config, and the processor's files."""

    def number(token: str) -> int:
        return int(tokenizer.convert_tokens_to_ids(token))

    text: dict[str, Any] = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "head_dim": 16}
    text |= {"num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": len(tokenizer)}
    text |= {"eos_token_id": number("<|im_end|>"), "pad_token_id": number("<|endoftext|>")}
    if kind == "qwen2_vl":
        rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 1e4}
        tower: dict[str, Any] = {"depth": 2, "embed_dim": 32, "num_heads": 2, "hidden_size": 64, "patch_size": 14}
        ids = {"image_token_id": number("<|image_pad|>"), "video_token_id": number("<|video_pad|>")}
        pictures: dict[str, Any] = {
            "image_processor_type": "Qwen2VLImageProcessor",
            "min_pixels": 3136,
            "max_pixels": 200_000,
        }
        parts = {"text_config": {**text, "rope_parameters": rope}, "vision_config": tower}
        return {**parts, **ids}, {"preprocessor_config.json": pictures}
    if kind == "llava":
        tower = {**TOWER, "model_type": "clip_vision_model", "num_hidden_layers": 3, "projection_dim": 32}
        pictures = {"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 56}}
        pictures["crop_size"] = {"height": 56, "width": 56}
        whole = {"processor_class": "LlavaProcessor", "patch_size": 14, "num_additional_image_tokens": 1}
        files = {"processor_config.json": {**whole, "vision_feature_select_strategy": "default"}}
        parts = {"text_config": {**text, "model_type": "llama"}, "vision_config": tower}
        return {**parts, "image_token_index": number("<image>")}, {**files, "preprocessor_config.json": pictures}
    config: dict[str, Any] = {
        "text_config": {**text, "sliding_window": 64},
        "vision_config": {**TOWER, "num_hidden_layers": 2},
    }
    marks = {"boi_token_index": "<start_of_image>", "eoi_token_index": "<end_of_image>"}
    config |= {name: number(token) for name, token in marks.items()}
    config |= {"mm_tokens_per_image": 4, "image_token_index": number("<image_soft_token>")}
    pictures = {"image_processor_type": "Gemma3ImageProcessor", "size": {"height": 56, "width": 56}}
    files = {"processor_config.json": {"processor_class": "Gemma3Processor", "image_seq_length": 4}}
    return config, {**files, "preprocessor_config.json": pictures}
