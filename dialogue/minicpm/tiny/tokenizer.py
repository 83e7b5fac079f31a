"""Tokenizers of tiny checkpoints: a byte-level one with the special tokens of a kind, and a letter-level one."""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from dialogue.minicpm.kind import Kind

_TAGS = ("image", "ref", "box", "quad", "point", "slice", "image_id", "unit")
_CHATML = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>"]
_SOUND = ["<|audio_start|>", "<|audio|>", "<|audio_end|>", "<|spk_bos|>", "<|spk|>", "<|spk_eos|>"]
_VOICE = ["<|tts_bos|>", "<|tts_eos|>"]
_DUPLEX = [
    *("<|listen|>", "<|speak|>", "<|interrupt|>", "<|turn_bos|>", "<|turn_eos|>"),
    *("<|chunk_bos|>", "<|chunk_eos|>", "<|chunk_tts_bos|>", "<|chunk_tts_eos|>", "<|tts_pad|>"),
]
_LLAMA3 = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
_TOOLS = [
    *("<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|thought_start|>", "<|thought_end|>"),
    *("<|tool_call_start|>", "<|tool_call_end|>"),
]


def special_tokens(kind: Kind) -> list[str]:
    """The special tokens in the order of their ids, which follow the 256 bytes."""
    tags = [tag for name in _TAGS for tag in (f"<{name}>", f"</{name}>")]
    by_kind = {
        Kind.V25: _LLAMA3 + tags,
        Kind.V26: _CHATML + tags,
        Kind.O26: _CHATML + tags + _SOUND + _VOICE,
        Kind.O45: _CHATML + tags + _SOUND + _VOICE + _DUPLEX,
        Kind.TEXT3: _TOOLS,
    }
    return ["<unk>", *by_kind[kind]]


def byte_tokenizer(kind: Kind) -> Tokenizer:
    """Ids 0 to 255 are the bytes in the order of the released vocabularies ("!" is 0); special tokens follow."""
    vocabulary = {character: number for number, character in enumerate(_byte_alphabet())}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special_tokens(kind)])
    if kind is Kind.V25:
        begin = "<|begin_of_text|>"
        pair = (begin, tokenizer.token_to_id(begin))
        tokenizer.post_processor = processors.TemplateProcessing(single=f"{begin} $A", special_tokens=[pair])
    return tokenizer


def letter_tokenizer(specials: Sequence[str]) -> Tokenizer:
    """The tokenizer of o 2.6's voice: special tokens, then lower-case letters and punctuation."""
    tokens = [*specials, "[UNK]", *" abcdefghijklmnopqrstuvwxyz0123456789.,!?'-"]
    tokenizer = Tokenizer(models.WordLevel({token: number for number, token in enumerate(tokens)}, "[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in specials])
    return tokenizer


def _byte_alphabet() -> list[str]:
    """GPT-2's byte alphabet: printable bytes first, as themselves, then letters for the other bytes."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    return [chr(code) for code in printable] + [chr(256 + number) for number in range(256 - len(printable))]
