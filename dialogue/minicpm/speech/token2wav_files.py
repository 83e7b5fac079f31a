"""The official vocoder's files, which lie beside o 4.5's checkpoint in assets/token2wav: opened, checked, loaded.

All sizes come from the weights' own shapes; of flow.yaml only the strength of the guidance is read. Names and layouts
are those of the published sources. We have never seen the files: what does not fit is named, and nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.checkpoint import listed
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
    """Whether anything of it was downloaded."""
    return (checkpoint / FOLDER).is_dir()


def open_token2wav(checkpoint: Path, device: str = "cpu", steps: int = STEPS) -> tuple[Token2Wav, VoiceReader]:
    """The networks, and what reads a voice from a recording. Raises BadInput that names the file and what it lacks."""
    folder = checkpoint / FOLDER
    missing = [name for name in (FLOW, HIFT, SETTINGS, TOKENIZER, SPEAKER) if not (folder / name).is_file()]
    if missing:
        raise BadInput(f"The vocoder in {folder} is not whole: {listed(missing)} missing. Download the model again.")
    flow = _tensors(folder / FLOW)
    hift = folded({name.removeprefix("generator."): tensor for name, tensor in _tensors(folder / HIFT).items()})
    flow_sizes, hift_sizes = _sizes(FLOW, FlowSizes.of, flow), _sizes(HIFT, HiftSizes.of, hift)
    guidance = guidance_of((folder / SETTINGS).read_text(encoding="utf-8"))
    networks = Token2Wav(
        flow=_filled(FLOW, lambda: Flow(flow_sizes, steps, guidance), flow, device),
        hift=_filled(HIFT, lambda: Hift(hift_sizes), hift, device),
    )
    return networks, VoiceReader(folder / TOKENIZER, folder / SPEAKER)


def guidance_of(settings: str) -> float:
    """How far the flow is pushed away from sound without codes; the published strength where nothing is said."""
    said = re.search(r"^\s*inference_cfg_rate:\s*([\d.]+)\s*$", settings, re.MULTILINE)
    return float(said[1]) if said else GUIDANCE


def folded(tensors: Tensors) -> dict[str, Tensor]:
    """Weights stored as lengths and directions (arXiv 1602.07868) made one; all others as they are."""
    whole = {name: tensor for name, tensor in tensors.items() if not name.endswith((LENGTH, DIRECTION))}
    for name in tensors:
        if name.endswith(DIRECTION):
            at, direction = name.removesuffix(DIRECTION), tensors[name].float()
            others = tuple(range(1, direction.ndim))
            whole[f"{at}.weight"] = tensors[at + LENGTH] * direction / direction.norm(dim=others, keepdim=True)
    return whole


def _tensors(path: Path) -> dict[str, Tensor]:
    """Tensors only: a file that would run code is refused."""
    try:
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # torch raises whatever its reader stumbled over
        raise BadInput(f"{path.name} is damaged, or not a file of tensors; download it again. ({error})") from error
    if not isinstance(found, dict) or not all(isinstance(tensor, Tensor) for tensor in found.values()):
        raise BadInput(f"{path.name} holds something else than tensors by name; download it again.")
    return found


def _sizes(name: str, read: Callable[[dict[str, torch.Size]], Sizes], tensors: Tensors) -> Sizes:
    try:
        return read({key: tensor.shape for key, tensor in tensors.items()})
    except (KeyError, ValueError, IndexError) as odd:
        raise BadInput(f"{name} is not laid out as expected, at {odd}; take the vocoder of MiniCPM-o 4.5.") from odd


def _filled(name: str, make: Callable[[], Network], tensors: Tensors, device: str) -> Network:
    network = make()
    wanted = {key: tensor.shape for key, tensor in network.state_dict().items()}
    missing = sorted(wanted.keys() - tensors.keys())
    unknown = sorted(tensors.keys() - wanted.keys())
    other = sorted(key for key in wanted.keys() & tensors.keys() if wanted[key] != tensors[key].shape)
    for problem, names in (("lacks", missing), ("has, unknown here,", unknown), ("has in another shape", other)):
        if names:
            raise BadInput(f"{name} {problem} {len(names)} tensors: {listed(names)}. Is it of MiniCPM-o 4.5?")
    network.load_state_dict({key: tensor.float() for key, tensor in tensors.items()})
    return network.to(device).eval().requires_grad_(False)
