"""A tokenizer made of what a GGUF file says about one: vocabulary, merges, and the name of its splitting rule.

Byte-level BPE only, which is what SmolLM2, Qwen and Llama 3 use. The splitting rules are those of the models' own
tokenizer.json; the file carries only their names, which are llama.cpp's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from dialogue.errors import BadInput

_CONTROL, _USER_DEFINED = 3, 4  # values of tokenizer.ggml.token_type

_QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_LLAMA3 = _QWEN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")


def tokenizer_of(metadata: Mapping[str, Any]) -> Tokenizer:
    """Raises BadInput for a tokenizer that is not byte-level BPE, whose splitting rule is not known, or that is not
    whole."""
    kind, rule = metadata.get("tokenizer.ggml.model"), metadata.get("tokenizer.ggml.pre", "default")
    if not isinstance(kind, str) or kind != "gpt2":
        raise BadInput(f"The tokenizer {kind!r} of this GGUF file is not byte-level BPE; use the safetensors model.")
    tokens, merges, kinds = _parts(metadata)
    splitter, llama3 = _splitter(rule), str(rule) in ("llama-bpe", "llama3", "llama-v3")
    vocabulary = {token: number for number, token in enumerate(tokens)}
    try:
        tokenizer = Tokenizer(models.BPE(vocabulary, merges, ignore_merges=llama3))
    except Exception as error:  # the tokenizers library raises bare Exception for whatever is wrong
        raise BadInput(f"The tokenizer of this GGUF file is not whole ({error}); download it again.") from error
    tokenizer.pre_tokenizer = splitter
    tokenizer.decoder = decoders.ByteLevel()
    if str(rule) == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.add_special_tokens(_added(tokens, kinds, _CONTROL, special=True))
    tokenizer.add_tokens(_added(tokens, kinds, _USER_DEFINED, special=False))
    return tokenizer


def _parts(metadata: Mapping[str, Any]) -> tuple[list[str], list[tuple[str, str]], list[int]]:
    """Tokens, the pairs that are merged, and the kind of each token."""
    tokens, pairs, kinds = (metadata.get(f"tokenizer.ggml.{name}") for name in ("tokens", "merges", "token_type"))
    if not _are_texts(tokens) or not _are_texts(pairs) or not isinstance(kinds, Sequence | np.ndarray):
        raise BadInput("The tokenizer of this GGUF file lacks its tokens, merges or token types; download it again.")
    split = [pair.partition(" ") for pair in pairs]
    if len(kinds) != len(tokens) or not all(second for _, _, second in split):
        raise BadInput("The tokens, merges and token types of this GGUF file do not fit together; download it again.")
    return tokens, [(first, second) for first, _, second in split], list(kinds)


def _are_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _splitter(rule: object) -> pre_tokenizers.PreTokenizer:
    # ByteLevel's own regex is GPT-2's; where a rule replaces it, it only maps bytes to letters.
    byte_level = pre_tokenizers.ByteLevel
    if not isinstance(rule, str):
        raise BadInput("The splitting rule of this GGUF file is no text; use the safetensors model.")
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
