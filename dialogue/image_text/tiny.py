"""Writes complete checkpoints of MiniCPM's siblings with tiny random weights: model, tokenizer and processor files.

transformers' own classes make them with the layout of the released files. Their replies are random text.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken
from transformers import AutoModelForImageTextToText, PreTrainedTokenizerFast, logging
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from dialogue.minicpm.kind import Kind
from dialogue.minicpm.tiny.tokenizer import byte_tokenizer

KINDS = {"v4.6": "minicpmv4_6", "v4.7": "minicpmv4_7", "ocr": "minicpm_ocr"}

IMAGE, FILM = "<|image_pad|>", "<|video_pad|>"
NAMED_TOKENS = {
    "image_token": IMAGE,
    "video_token": FILM,
    "image_start_token": "<image>",
    "image_end_token": "</image>",
    "slice_start_token": "<slice>",
    "slice_end_token": "</slice>",
    "image_id_start_token": "<image_id>",
    "image_id_end_token": "</image_id>",
}
CHAT = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% for item in message.content %}{% if item.type == 'image' %}" + IMAGE + "{% else %}{{ item.text }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def write_tiny_sibling(kind: str, folder: Path, seed: int = 0) -> Path:
    """Writes a checkpoint of model type `kind`, one of KINDS' values; creates `folder` and returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer()
    tokenizer.save_pretrained(folder)
    config = CONFIG_MAPPING[kind](**_config(kind, tokenizer))
    state = torch.random.get_rng_state()
    torch.manual_seed(seed)
    model = AutoModelForImageTextToText.from_config(config)
    torch.random.set_rng_state(state)
    with torch.no_grad():  # the default initialisation would repeat one letter
        model.lm_head.weight.copy_(torch.randn(model.lm_head.weight.shape, generator=_generator(seed)) * 0.5)
    logging.disable_progress_bar()
    model.save_pretrained(folder)
    own = "MiniCPMOcrImageProcessor" if kind == "minicpm_ocr" else "MiniCPMV4_6ImageProcessor"
    (folder / "preprocessor_config.json").write_text(json.dumps({"image_processor_type": own}) + "\n", encoding="utf-8")
    return folder


def _tokenizer() -> Any:
    backend = byte_tokenizer(Kind.V26)
    backend.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in (IMAGE, FILM)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        unk_token="<unk>",
        extra_special_tokens=NAMED_TOKENS,
    )
    tokenizer.chat_template = CHAT
    return tokenizer


def _config(kind: str, tokenizer: Any) -> dict[str, Any]:
    def number(token: str) -> int:
        return int(tokenizer.convert_tokens_to_ids(token))

    text = {
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "vocab_size": len(tokenizer),
        "linear_key_head_dim": 16,
        "linear_value_head_dim": 16,
        "linear_num_key_heads": 2,
        "linear_num_value_heads": 4,
        "eos_token_id": number("<|im_end|>"),
        "pad_token_id": number("<|endoftext|>"),
    }
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 2}
    config = {
        "text_config": text,
        "vision_config": {**vision, "patch_size": 14, "image_size": 980},
        "insert_layer_id": 1,
        "image_token_id": number(IMAGE),
        "video_token_id": number(FILM),
        "tie_word_embeddings": False,
    }
    if kind == "minicpmv4_7":  # its positions need the tokens around a picture
        marks = {"image_start_id": "<image>", "image_end_id": "</image>"}
        marks |= {"slice_start_id": "<slice>", "slice_end_id": "</slice>"}
        config |= {name: number(token) for name, token in marks.items()}
        config["newline_id"] = tokenizer.encode("\n")[0]
    return config


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
