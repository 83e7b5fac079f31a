"""A tokenizer made of what a GGUF file says about one: vocabulary, merges, and the name of its splitting rule.

Byte-level BPE only, which is what SmolLM2, Qwen and Llama 3 use. The splitting rules are those of the models' own
tokenizer.json; the file carries only their names, which are llama.cpp's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from dialogue.errors import BadInput

_CONTROL, _USER_DEFINED = 3, 4  # values of tokenizer.ggml.token_type

_QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_LLAMA3 = _QWEN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")


def tokenizer_of(metadata: Mapping[str, Any]) -> Tokenizer:
    """Raises BadInput for a tokenizer that is not byte-level BPE or whose splitting rule is not known."""
    kind, rule = metadata.get("tokenizer.ggml.model"), metadata.get("tokenizer.ggml.pre", "default")
    if kind != "gpt2":
        raise BadInput(f"The tokenizer {kind!r} of this GGUF file is not byte-level BPE; use the safetensors model.")
    tokens: list[str] = metadata["tokenizer.ggml.tokens"]
    merges = [tuple(pair.split(" ", 1)) for pair in metadata["tokenizer.ggml.merges"]]
    llama3 = rule in ("llama-bpe", "llama3", "llama-v3")
    tokenizer = Tokenizer(
        models.BPE({token: number for number, token in enumerate(tokens)}, merges, ignore_merges=llama3)
    )
    tokenizer.pre_tokenizer = _splitter(rule)
    tokenizer.decoder = decoders.ByteLevel()
    if rule == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    kinds = metadata["tokenizer.ggml.token_type"]
    tokenizer.add_special_tokens(_added(tokens, kinds, _CONTROL, special=True))
    tokenizer.add_tokens(_added(tokens, kinds, _USER_DEFINED, special=False))
    return tokenizer


def _splitter(rule: str) -> pre_tokenizers.PreTokenizer:
    # ByteLevel's own regex is GPT-2's; where a rule replaces it, it only maps bytes to letters.
    byte_level = pre_tokenizers.ByteLevel
    if rule == "smollm":
        digits = pre_tokenizers.Digits(individual_digits=True)
        return pre_tokenizers.Sequence([digits, byte_level(add_prefix_space=False)])
    if rule in ("default", "gpt-2"):
        return byte_level(add_prefix_space=False)
    pattern = {"qwen2": _QWEN, "llama-bpe": _LLAMA3, "llama3": _LLAMA3, "llama-v3": _LLAMA3}.get(rule)
    if pattern is None:
        raise BadInput(f"The splitting rule {rule!r} of this GGUF file is not known; use the safetensors model.")
    split = pre_tokenizers.Split(Regex(pattern), behavior="isolated")
    return pre_tokenizers.Sequence([split, byte_level(add_prefix_space=False, use_regex=False)])


def _added(tokens: list[str], kinds: Any, wanted: int, *, special: bool) -> list[AddedToken]:
    return [
        AddedToken(token, special=special, normalized=False)
        for token, kind in zip(tokens, kinds, strict=True)
        if kind == wanted
    ]
