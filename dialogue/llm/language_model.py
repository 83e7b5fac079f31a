"""Opens a chat model from a GGUF file or a folder (safetensors): tokenizer, template, stop tokens and the decoder that
runs fastest on this machine.

`LanguageModel.describe` reports the selected route. A session is a cache made by `new_cache`; the model itself has no
session state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from tokenizers import Tokenizer
from torch import Tensor

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.adapter import Adapter
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.checkpoints.decoder_config import DecoderConfig
from dialogue.llm.checkpoints.decoder_tensors import decoder_tensors, require_shapes
from dialogue.llm.checkpoints.decoder_weights import GgufWeights, SafetensorsWeights, StoredWeights
from dialogue.llm.checkpoints.gguf_file import GgufFile
from dialogue.llm.checkpoints.gguf_tokenizer import tokenizer_of
from dialogue.llm.checkpoints.json_file import read_json
from dialogue.llm.decoder import Decoder
from dialogue.llm.decoder_route import Route, route_for
from dialogue.llm.kv_cache import KVCache
from dialogue.llm.native_decoder import NativeDecoder
from dialogue.llm.precision import Quantisation
from dialogue.llm.rotary import Rotary
from dialogue.llm.sampling import SamplingConfig
from dialogue.llm.token_context import PREFILL_CHUNK, ChunkSteps

__all__ = ["LanguageModel", "Quantisation", "open_decoder", "open_language_model"]

Progress = Callable[[int, int], None]

# Bytes of a file from which what is computed from it is kept: packed weights, and the prompt of all sessions. For
# smaller files it takes a second or two at every start.
KEPT_FROM = 256_000_000

# Tokens that end a turn in the chat formats of the family, in addition to those that the file's metadata name.
_TURN_ENDS = ("<|im_end|>", "<|eot_id|>", "<|endoftext|>", "<|end_of_text|>")

_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json")


@dataclass(frozen=True)
class LanguageModel:
    """A model, shared by all sessions; immutable. `stop_ids` end a reply.

    `special_tokens` are those that the chat template may use; `sampling` is the configuration that the makers
    recommend, if there is one. `why` is the reason for the selected route.
    """

    decoder: Decoder | NativeDecoder
    tokenizer: Tokenizer
    chat_template: str | dict[str, str]
    special_tokens: Mapping[str, str]
    stop_ids: frozenset[int]
    sampling: SamplingConfig | None
    name: str
    why: str

    @property
    def config(self) -> DecoderConfig:
        return self.decoder.config

    @property
    def rotary(self) -> Rotary:
        """The rotary embedding, which `KVCache.cut` needs to move keys."""
        return self.decoder.rotary

    def new_cache(self, capacity: int) -> KVCache:
        """An empty session of at most `capacity` tokens."""
        return self.decoder.new_cache(capacity)

    def embed(self, ids: Tensor) -> Tensor:
        """int64 (T,) -> (T, hidden)."""
        return self.decoder.embed(ids)

    def forward(self, cache: KVCache, inputs: Tensor) -> Tensor:
        """Appends ids (T,) or embeddings (T, hidden) to a session; returns hidden states (T, hidden)."""
        return self.decoder.forward(cache, inputs)

    @property
    def chunk(self) -> int:
        """The number of tokens to `begin` with at once."""
        return self.decoder.pace.tokens() if isinstance(self.decoder, NativeDecoder) else PREFILL_CHUNK

    def begin(self, cache: KVCache, ids: Tensor) -> ChunkSteps:
        """Appends ids (T,) to a session in steps."""
        if isinstance(self.decoder, NativeDecoder):
            return self.decoder.begin(cache, ids)
        return _OneStep(self.decoder, cache, ids)

    def forward_batch(self, caches: Sequence[KVCache], inputs: Sequence[Tensor]) -> list[Tensor]:
        """`forward` for several sessions in one step."""
        return self.decoder.forward_batch(caches, inputs)

    def logits(self, hidden: Tensor) -> Tensor:
        """(..., hidden) -> float32 (..., vocab)."""
        return self.decoder.logits(hidden)

    def describe(self) -> str:
        """One line: the name of the model, how it is computed, and the reason for that."""
        return f"{self.name}: {self.decoder.describe()}, {self.decoder.nbytes() / 1e6:.0f} MB; {self.why}"


@dataclass(frozen=True, slots=True, eq=False)
class _OneStep:
    """A forward pass that cannot be divided."""

    decoder: Decoder
    cache: KVCache
    ids: Tensor

    def step(self) -> Tensor:
        return self.decoder.forward(self.cache, self.ids)


@dataclass(frozen=True, slots=True)
class _Choice:
    """How the caller wants the model to be computed."""

    quantisation: Quantisation
    threads: int
    device: str
    on_progress: Progress | None
    adapters: Sequence[Adapter] = ()


def open_language_model(
    path: Path,
    *,
    quantisation: Quantisation = "auto",
    threads: int = 1,
    device: str = "cpu",
    on_progress: Progress | None = None,
    adapters: Sequence[Adapter] = (),
) -> LanguageModel:
    """Opens a .gguf file, or a folder with config.json, *.safetensors and the files of its tokenizer.

    `route_for` defines "auto". `threads` applies to the compiled step, for inputs of 4 tokens or more. Sessions may use
    one of the `adapters`; a new one has the first. Raises BadInput if the files are damaged or the model is not of the
    Llama family.
    """
    choice = _Choice(quantisation, threads, device, on_progress, adapters)
    if path.is_dir():
        return _open_folder(path, choice)
    if path.suffix == ".gguf":
        return _open_gguf(path, choice)
    raise BadInput(f"{path} is neither a .gguf file nor a model folder; point to one of these.")


def open_decoder(
    path: Path,
    *,
    quantisation: Quantisation = "auto",
    threads: int = 1,
    device: str = "cpu",
    adapters: Sequence[Adapter] = (),
) -> Decoder | NativeDecoder:
    """Opens only the decoder of a model folder, which needs no tokenizer. Raises BadInput as `open_language_model`."""
    shape = DecoderConfig.from_hf(read_json(path / "config.json"))
    return _folder_decoder(path, shape, _Choice(quantisation, threads, device, None, adapters))[0]


def _open_gguf(path: Path, choice: _Choice) -> LanguageModel:
    file = GgufFile(path)
    metadata = file.metadata
    tokenizer = tokenizer_of(metadata)
    tokens, template = file.texts("tokenizer.ggml.tokens"), metadata.get("tokenizer.chat_template", "")
    ids: dict[str, int | None] = {name: _token_id(file, name, len(tokens)) for name in ("bos", "eos", "eot")}
    if not isinstance(template, str):
        raise BadInput(f"The chat template in {path.name} is not text; use another model file.")
    weights = GgufWeights(file)
    if len(tokens) > weights.config.vocab_size:
        rows = weights.config.vocab_size
        raise BadInput(f"{path.name} has {len(tokens)} tokens, but {rows} embeddings; use another model file.")
    require_shapes(decoder_tensors(weights.config), weights.shapes)
    decoder, why = _decoder(weights.config, weights, choice, gguf=path)
    return LanguageModel(
        decoder=decoder,
        tokenizer=tokenizer,
        chat_template=template,
        special_tokens={f"{name}_token": tokens[at] for name in ("bos", "eos") if (at := ids[name]) is not None},
        stop_ids=_stop_ids(tokenizer, [ids["eos"], ids["eot"]]),
        sampling=None,
        name=path.stem,
        why=why,
    )


def _token_id(file: GgufFile, name: str, tokens: int) -> int | None:
    key = f"tokenizer.ggml.{name}_token_id"
    if key not in file.metadata:
        return None
    if not 0 <= (found := file.whole(key)) < tokens:
        raise BadInput(f"{key} of this GGUF file is none of its {tokens} tokens; use another model file.")
    return found


def _open_folder(path: Path, choice: _Choice) -> LanguageModel:
    config = read_json(path / "config.json")
    shape = DecoderConfig.from_hf(config)
    stated = path / "generation_config.json"
    generation = read_json(stated) if stated.is_file() else {}
    eos, sampling = generation.get("eos_token_id", config.get("eos_token_id")), _sampling(generation)
    if not all(each is None or type(each) is int for each in (eos if isinstance(eos, list) else [eos])):
        raise BadInput(f"The stop tokens of the model in {path} are not numbers; download it again.")
    words = tokenizer_in(path)
    decoder, why = _folder_decoder(path, shape, choice)
    named = {name: str(getattr(words, name)) for name in ("bos_token", "eos_token") if getattr(words, name)}
    tokenizer: Tokenizer = words.backend_tokenizer
    ends = [*(eos if isinstance(eos, list) else [eos]), words.eos_token_id]
    return LanguageModel(
        decoder=decoder,
        tokenizer=tokenizer,
        chat_template=words.chat_template or "",
        special_tokens=named,
        stop_ids=_stop_ids(tokenizer, ends),
        sampling=sampling,
        name=path.name,
        why=why,
    )


def _folder_decoder(path: Path, shape: DecoderConfig, choice: _Choice) -> tuple[Decoder | NativeDecoder, str]:
    """Checks that all tensors have the shapes of the config before any is read."""
    checkpoint = Checkpoint(path)
    checkpoint.require(decoder_tensors(shape))
    return _decoder(shape, SafetensorsWeights(checkpoint), choice)


def tokenizer_in(path: Path) -> Any:
    """Opens the folder's tokenizer with transformers, whose import takes a second. Raises BadInput."""
    from transformers import AutoTokenizer

    if not any((path / name).is_file() for name in _TOKENIZER_FILES):  # the library would create an empty one
        raise BadInput(f"{path} has no {_TOKENIZER_FILES[0]}; download the whole model.")
    try:
        words = AutoTokenizer.from_pretrained(path, local_files_only=True)
    except Exception as error:  # the library passes on the errors of all its readers
        why = " ".join(str(error).split())
        raise BadInput(f"The tokenizer in {path} cannot be read ({why}); download the whole model.") from error
    if not hasattr(words, "backend_tokenizer"):
        raise BadInput(f"The tokenizer in {path} has no readable tokenizer.json; use another model.")
    return words


def _sampling(generation: Mapping[str, Any]) -> SamplingConfig | None:
    """The sampling that generation_config.json recommends, with the library's defaults. Raises BadInput for values that
    are not numbers."""
    try:
        penalty = float(generation.get("repetition_penalty") or 1.0)
        if not generation.get("do_sample"):
            return SamplingConfig(penalty=penalty) if "do_sample" in generation else None
        return SamplingConfig(
            temperature=float(generation.get("temperature") or 1.0),
            top_k=int(generation.get("top_k", 50) or 0),
            top_p=float(generation.get("top_p") or 1.0),
            penalty=penalty,
        )
    except (TypeError, ValueError, OverflowError) as error:
        message = f"generation_config.json has a value that is not a number ({error}); download the model again."
        raise BadInput(message) from error


def _decoder(
    config: DecoderConfig, weights: StoredWeights, choice: _Choice, gguf: Path | None = None
) -> tuple[Decoder | NativeDecoder, str]:
    """The decoder, and the reason for its route."""
    route = route_for(config, choice.quantisation, from_gguf=gguf is not None, device=choice.device)
    try:
        return _new_decoder(config, weights, choice, route, gguf), route.why
    except (KeyError, SafetensorError) as error:
        raise BadInput(f"The model's weights are incomplete ({error}); download the whole model.") from error


def _new_decoder(
    config: DecoderConfig, weights: StoredWeights, choice: _Choice, route: Route, gguf: Path | None
) -> Decoder | NativeDecoder:
    shared: Any = {"adapters": choice.adapters, "on_progress": choice.on_progress}
    if route.library is None:
        return Decoder(config, weights, precision=route.precision, device=choice.device, **shared)
    source = gguf if route.bits is None else None
    kept = source if source and source.stat().st_size >= KEPT_FROM else None
    return NativeDecoder(config, weights, route.library, bits=route.bits, threads=choice.threads, source=kept, **shared)


def _stop_ids(tokenizer: Tokenizer, stated: Sequence[int | None]) -> frozenset[int]:
    known = [tokenizer.token_to_id(token) for token in _TURN_ENDS]
    return frozenset(int(token) for token in [*known, *stated] if token is not None)
