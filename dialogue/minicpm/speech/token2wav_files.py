"""Opens, checks and loads the files of token2wav, which are beside o 4.5's checkpoint in assets/token2wav.

All sizes come from the weights' shapes; only the guidance strength is read from flow.yaml. Names and layouts are those
of the published sources. The official files were not available: every mismatch is named, and nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.decoder_tensors import listed
from dialogue.minicpm.speech.flow import GUIDANCE, STEPS, Flow, FlowSizes
from dialogue.minicpm.speech.hift import Hift, HiftSizes
from dialogue.minicpm.speech.token2wav import Token2Wav
from dialogue.minicpm.speech.voice_prompt import VoiceReader

FOLDER = Path("assets") / "token2wav"
FLOW, HIFT, SETTINGS = "flow.pt", "hift.pt", "flow.yaml"
TOKENIZER, SPEAKER = "speech_tokenizer_v2_25hz.onnx", "campplus.onnx"
LENGTH, DIRECTION = ".parametrizations.weight.original0", ".parametrizations.weight.original1"

Tensors = Mapping[str, Tensor]
Network = TypeVar("Network", bound=nn.Module)
Sizes = TypeVar("Sizes")


def has_token2wav(checkpoint: Path) -> bool:
    """Whether the folder of token2wav exists."""
    return (checkpoint / FOLDER).is_dir()


def open_token2wav(checkpoint: Path, device: str = "cpu", steps: int = STEPS) -> tuple[Token2Wav, VoiceReader]:
    """The networks, and the reader of voice prompts. Raises BadInput with the file and what it lacks."""
    folder = checkpoint / FOLDER
    missing = [name for name in (FLOW, HIFT, SETTINGS, TOKENIZER, SPEAKER) if not (folder / name).is_file()]
    if missing:
        raise BadInput(f"The vocoder in {folder} is incomplete: {listed(missing)} missing. Download the model again.")
    flow = _tensors(folder / FLOW)
    hift = merge_weight_norm(
        {name.removeprefix("generator."): tensor for name, tensor in _tensors(folder / HIFT).items()}
    )
    flow_sizes, hift_sizes = _sizes(FLOW, FlowSizes.of, flow), _sizes(HIFT, HiftSizes.of, hift)
    guidance = read_guidance((folder / SETTINGS).read_text(encoding="utf-8"))
    networks = Token2Wav(
        flow=_filled(FLOW, lambda: Flow(flow_sizes, steps, guidance), flow, device),
        hift=_filled(HIFT, lambda: Hift(hift_sizes), hift, device),
    )
    return networks, VoiceReader(folder / TOKENIZER, folder / SPEAKER)


def read_guidance(settings: str) -> float:
    """The strength of classifier-free guidance in flow.yaml, or the published default."""
    found = re.search(r"^\s*inference_cfg_rate:\s*([\d.]+)\s*$", settings, re.MULTILINE)
    return float(found[1]) if found else GUIDANCE


def merge_weight_norm(tensors: Tensors) -> dict[str, Tensor]:
    """Tensors with weight norm (lengths and directions, arXiv 1602.07868) merged; others unchanged."""
    whole = {name: tensor for name, tensor in tensors.items() if not name.endswith((LENGTH, DIRECTION))}
    for name in tensors:
        if name.endswith(DIRECTION):
            at, direction = name.removesuffix(DIRECTION), tensors[name].float()
            others = tuple(range(1, direction.ndim))
            whole[f"{at}.weight"] = tensors[at + LENGTH] * direction / direction.norm(dim=others, keepdim=True)
    return whole


def _tensors(path: Path) -> dict[str, Tensor]:
    """Load tensors only; files that would run code are refused."""
    try:
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # torch passes on any error of its reader
        raise BadInput(f"{path.name} is damaged or holds no tensors ({error}); download it again.") from error
    if not isinstance(found, dict) or not all(isinstance(tensor, Tensor) for tensor in found.values()):
        raise BadInput(f"{path.name} holds no mapping of names to tensors; download it again.")
    return found


def _sizes(name: str, read: Callable[[dict[str, torch.Size]], Sizes], tensors: Tensors) -> Sizes:
    try:
        return read({key: tensor.shape for key, tensor in tensors.items()})
    except (KeyError, ValueError, IndexError) as error:
        raise BadInput(
            f"{name} has an unexpected layout at {error}; use the vocoder files of MiniCPM-o 4.5."
        ) from error


def _filled(name: str, make: Callable[[], Network], tensors: Tensors, device: str) -> Network:
    network = make()
    wanted = {key: tensor.shape for key, tensor in network.state_dict().items()}
    missing = sorted(wanted.keys() - tensors.keys())
    unknown = sorted(tensors.keys() - wanted.keys())
    other = sorted(key for key in wanted.keys() & tensors.keys() if wanted[key] != tensors[key].shape)
    for problem, names in (("missing", missing), ("unknown", unknown), ("misshapen", other)):
        if names:
            raise BadInput(
                f"{name} has {len(names)} {problem} tensors: {listed(names)}. Use the vocoder files of MiniCPM-o 4.5."
            )
    network.load_state_dict({key: tensor.float() for key, tensor in tensors.items()})
    return network.to(device).eval().requires_grad_(False)
