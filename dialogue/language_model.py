"""A chat model, whole: tokenizer, template, stop tokens and the decoder that runs it best on this machine.

One function opens a GGUF file or a model folder (safetensors); which route computes it is decided here and told by
`describe`. Keeps no session: that is a cache made by `new_cache`. Looks nothing up: paths are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tokenizers import Tokenizer
from torch import Tensor

from dialogue.decoder import Decoder
from dialogue.decoder_config import DecoderConfig
from dialogue.decoder_weights import GgufWeights, SafetensorsWeights, StoredWeights, read_json
from dialogue.errors import BadInput
from dialogue.gguf_file import GgufFile
from dialogue.gguf_tokenizer import tokenizer_of
from dialogue.kv_cache import KVCache
from dialogue.linear import Precision
from dialogue.native.loader import NativeMissing, load_library
from dialogue.native.packing import Bits
from dialogue.native_decoder import NativeDecoder, refusal
from dialogue.rotary import Rotary

Quantisation = Literal["auto", "float32", "bfloat16", "int8", "int4"]
Progress = Callable[[int, int], None]

# Tokens that end a turn in the chat formats of the family, whatever the file's metadata say.
_TURN_ENDS = ("<|im_end|>", "<|eot_id|>", "<|endoftext|>", "<|end_of_text|>")


@dataclass(frozen=True)
class LanguageModel:
    """Shared by all sessions; immutable. `stop_ids` end a reply, `bos_id` opens a text where the model wants one."""

    decoder: Decoder | NativeDecoder
    tokenizer: Tokenizer
    chat_template: str
    stop_ids: frozenset[int]
    bos_id: int | None
    name: str
    why: str

    @property
    def config(self) -> DecoderConfig:
        return self.decoder.config

    @property
    def rotary(self) -> Rotary:
        """What `KVCache.cut` needs to move keys."""
        return self.decoder.rotary

    def new_cache(self, capacity: int) -> KVCache:
        """An empty session of at most `capacity` tokens."""
        return self.decoder.new_cache(capacity)

    def embed(self, ids: Tensor) -> Tensor:
        """int64 (T,) -> (T, hidden)."""
        return self.decoder.embed(ids)

    def forward(self, cache: KVCache, inputs: Tensor) -> Tensor:
        """Append ids (T,) or embeddings (T, hidden) to a session -> hidden states (T, hidden)."""
        return self.decoder.forward(cache, inputs)

    def forward_batch(self, caches: Sequence[KVCache], inputs: Sequence[Tensor]) -> list[Tensor]:
        """`forward` for several sessions in one step."""
        return self.decoder.forward_batch(caches, inputs)

    def logits(self, hidden: Tensor) -> Tensor:
        """(..., hidden) -> float32 (..., vocab)."""
        return self.decoder.logits(hidden)

    def describe(self) -> str:
        """One line: which model, computed how, and why so."""
        return f"{self.name}: {self.decoder.describe()}, {self.decoder.nbytes() / 1e6:.0f} MB; {self.why}"


@dataclass(frozen=True, slots=True)
class _Choice:
    """How the caller wants a model computed."""

    quantisation: Quantisation
    threads: int
    on_progress: Progress | None


def open_language_model(
    path: Path,
    *,
    quantisation: Quantisation = "auto",
    threads: int = 1,
    on_progress: Progress | None = None,
) -> LanguageModel:
    """Open a .gguf file or a folder with config.json, tokenizer.json and *.safetensors.

    "auto" takes the compiled step where it runs, at the precision of the file (8 bits for floats). "float32" and
    "bfloat16" are torch's. `threads` are the compiled step's, for inputs of 4 tokens or more. Raises BadInput where the
    files are broken or the model is not of the Llama family.
    """
    choice = _Choice(quantisation, threads, on_progress)
    if path.is_dir():
        return _open_folder(path, choice)
    if path.suffix == ".gguf":
        return _open_gguf(path, choice)
    raise BadInput(f"{path} is neither a .gguf file nor a model folder; point to one of these.")


def _open_gguf(path: Path, choice: _Choice) -> LanguageModel:
    file = GgufFile(path)
    metadata = file.metadata
    tokenizer = tokenizer_of(metadata)
    weights = GgufWeights(file)
    decoder, why = _decoder(weights.config, weights, choice, fallback="int4")
    stated = [metadata.get(f"tokenizer.ggml.{name}_token_id") for name in ("eos", "eot")]
    return LanguageModel(
        decoder=decoder,
        tokenizer=tokenizer,
        chat_template=metadata.get("tokenizer.chat_template", ""),
        stop_ids=_stop_ids(tokenizer, stated),
        bos_id=metadata.get("tokenizer.ggml.bos_token_id") if metadata.get("tokenizer.ggml.add_bos_token") else None,
        name=path.stem,
        why=why,
    )


def _open_folder(path: Path, choice: _Choice) -> LanguageModel:
    config = read_json(path / "config.json")
    if not (path / "tokenizer.json").is_file():
        raise BadInput(f"{path} has no tokenizer.json; download the whole model.")
    tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    words: dict[str, Any] = read_json(path / "tokenizer_config.json")
    decoder, why = _decoder(DecoderConfig.from_hf(config), SafetensorsWeights(path), choice, fallback="bfloat16")
    template, generation = path / "chat_template.jinja", path / "generation_config.json"
    eos = (read_json(generation) if generation.is_file() else config).get("eos_token_id")
    return LanguageModel(
        decoder=decoder,
        tokenizer=tokenizer,
        chat_template=template.read_text(encoding="utf-8") if template.is_file() else words.get("chat_template", ""),
        stop_ids=_stop_ids(tokenizer, eos if isinstance(eos, list) else [eos]),
        bos_id=config.get("bos_token_id") if words.get("add_bos_token") else None,
        name=path.name,
        why=why,
    )


def _decoder(
    config: DecoderConfig, weights: StoredWeights, choice: _Choice, fallback: Precision
) -> tuple[Decoder | NativeDecoder, str]:
    """The decoder and the reason for its kind."""
    wanted = choice.quantisation
    if wanted in ("float32", "bfloat16"):
        return Decoder(config, weights, precision=wanted, on_progress=choice.on_progress), "as asked for"
    reason = refusal(config)
    try:
        library = load_library()
    except NativeMissing as missing:
        reason = reason or str(missing)
    if reason:
        precision = fallback if wanted == "auto" else wanted
        return Decoder(config, weights, precision=precision, on_progress=choice.on_progress), f"not compiled: {reason}"
    bits: Bits | None = {"auto": None, "int8": 8, "int4": 4}[wanted]
    native = NativeDecoder(config, weights, library, bits=bits, threads=choice.threads, on_progress=choice.on_progress)
    return native, "the fastest route here"


def _stop_ids(tokenizer: Tokenizer, stated: Sequence[int | None]) -> frozenset[int]:
    known = [tokenizer.token_to_id(token) for token in _TURN_ENDS]
    return frozenset(int(token) for token in [*known, *stated] if token is not None)
