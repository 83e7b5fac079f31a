"""Chat templates of the model families, shortened where that changes no tested output, and a small tokenizer."""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

LLAMA3 = (
    "{{- bos_token }}{% for message in messages %}"
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' }}"
    "{{- message['content'] | trim + '<|eot_id|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
QWEN2 = (
    "{%- if messages[0].role != 'system' %}"
    "{{- '<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n' }}"
    "{%- endif %}{%- for message in messages %}"
    "{{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}"
    "{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"
)
# The last reply is shown with an empty thought, older ones without: the template is not turn by turn.
QWEN3 = (
    "{%- set ns = namespace(last=-1) %}{%- for message in messages %}"
    "{%- if message.role == 'user' %}{%- set ns.last = loop.index0 %}{%- endif %}{%- endfor %}"
    "{%- for message in messages %}{%- if message.role == 'assistant' %}"
    "{%- set content = message.content.split('</think>')[-1].lstrip('\n') %}"
    "{%- if loop.index0 > ns.last %}"
    "{{- '<|im_start|>assistant\n<think>\n\n</think>\n\n' + content + '<|im_end|>\n' }}"
    "{%- else %}{{- '<|im_start|>assistant\n' + content + '<|im_end|>\n' }}{%- endif %}"
    "{%- else %}{{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}{%- endif %}"
    "{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\n\n</think>\n\n' }}{%- endif %}"
    "{%- endif %}"
)
# Distilled from R1: there is no switch, a thought is always opened.
ALWAYS_THINKS = (
    "{{ bos_token }}{% for message in messages %}{% if message.role == 'system' %}{{ message.content }}"
    "{% elif message.role == 'user' %}{{ '<|User|>' + message.content }}"
    "{% else %}{{ '<|Assistant|>' + message.content.split('</think>')[-1] + '<|end_of_sentence|>' }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|Assistant|><think>\n' }}{% endif %}"
)
# Llama 2: sides must alternate; its tokenizer puts a space before every piece.
LLAMA2 = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + message['content'].strip() + ' [/INST]' }}"
    "{% else %}{{ ' ' + message['content'].strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
)
TEMPLATES = {"llama3": LLAMA3, "qwen2": QWEN2, "qwen3": QWEN3, "always thinks": ALWAYS_THINKS, "llama2": LLAMA2}

_CONTROL = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>"),
    *("<|eot_id|>", "<|User|>", "<|Assistant|>", "<|end_of_sentence|>", "<s>", "</s>"),
)
_NOT_SPECIAL = ("<think>", "</think>", "<tool_call>")
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# What bos_token and eos_token stand for in each template.
SPECIAL = {
    "llama3": {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"},
    "qwen2": {"eos_token": "<|im_end|>"},
    "qwen3": {"eos_token": "<|im_end|>"},
    "always thinks": {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_sentence|>"},
    "llama2": {"bos_token": "<s>", "eos_token": "</s>"},
}


def byte_tokenizer() -> Tokenizer:
    """Byte-level BPE with Qwen's splitting rule, every byte and a few merges; then the control tokens."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = _merges(("Ġthe", "Ġyou", "ing", "ĊĊ", "user", "system", "assistant", "Hello", "Ġis"))
    vocabulary = dict.fromkeys([*alphabet, *(a + b for a, b in merges)])
    tokenizer = Tokenizer(models.BPE({token: number for number, token in enumerate(vocabulary)}, merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return _with_control_tokens(tokenizer)


def space_tokenizer() -> Tokenizer:
    """Like SentencePiece: a space is an ordinary character, and one is put before a text."""
    alphabet = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", *map(chr, range(33, 127))]
    merges = _merges(("▁the", "▁you", "ing", "▁[", "INST"))
    vocabulary = dict.fromkeys([*alphabet, *(a + b for a, b in merges)])
    tokenizer = Tokenizer(
        models.BPE(
            {token: number for number, token in enumerate(vocabulary)}, merges, unk_token="<unk>", byte_fallback=True
        )
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return _with_control_tokens(tokenizer)


def tokenizer_for(name: str) -> Tokenizer:
    return space_tokenizer() if name == "llama2" else byte_tokenizer()


def _with_control_tokens(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in _CONTROL])
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in _NOT_SPECIAL])
    return tokenizer


def _merges(words: Sequence[str]) -> list[tuple[str, str]]:
    """The merges that join each of these words from left to right."""
    return list(dict.fromkeys((word[:end], word[end]) for word in words for end in range(1, len(word))))
