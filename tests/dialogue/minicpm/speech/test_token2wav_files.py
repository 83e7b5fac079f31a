"""The files of o 4.5's vocoder: how they are laid out, and what is told where they are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from dialogue.errors import BadInput
from dialogue.minicpm.speech.flow import GUIDANCE, Flow, FlowSizes
from dialogue.minicpm.speech.hift import Hift, HiftSizes
from dialogue.minicpm.speech.token2wav_files import FOLDER, folded, guidance_of, open_token2wav
from dialogue.minicpm.tiny.token2wav import FLOW_SIZES, HIFT_SIZES, as_published, random_tensors, write_token2wav


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_sizes_are_read_from_the_weights() -> None:
    assert FlowSizes.of({name: tensor.shape for name, tensor in Flow(FLOW_SIZES).state_dict().items()}) == FLOW_SIZES
    assert HiftSizes.of({name: tensor.shape for name, tensor in Hift(HIFT_SIZES).state_dict().items()}) == HIFT_SIZES


def test_lengths_and_directions_make_the_weights_they_were_made_of() -> None:
    tensors = random_tensors(Hift(HIFT_SIZES), seeded())
    published = as_published(tensors)
    assert any(name.endswith("original0") for name in published)
    whole = folded({name.removeprefix("generator."): tensor for name, tensor in published.items()})
    assert whole.keys() == tensors.keys()
    for name, tensor in tensors.items():
        torch.testing.assert_close(whole[name], tensor)


def test_guidance_is_read_where_it_is_told() -> None:
    assert guidance_of("flow: !new:x\n  decoder: !new:y\n    inference_cfg_rate: 0.5\n") == 0.5
    assert guidance_of("flow:\n") == GUIDANCE


def lacking(folder: Path) -> None:
    tensors = torch.load(folder / "flow.pt")
    del tensors["encoder.encoders.1.norm_ff.weight"]
    torch.save(tensors, folder / "flow.pt")


def headless(folder: Path) -> None:
    tensors = torch.load(folder / "hift.pt")
    torch.save({name: tensor for name, tensor in tensors.items() if "conv_post" not in name}, folder / "hift.pt")


def misshapen(folder: Path) -> None:
    tensors = torch.load(folder / "flow.pt")
    torch.save({**tensors, "encoder_proj.bias": torch.zeros(3)}, folder / "flow.pt")


def cut(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-40])  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda folder: (folder / "campplus.onnx").unlink(), "campplus.onnx missing"),
        (lacking, "flow.pt lacks 1 tensors: encoder.encoders.1.norm_ff.weight"),
        (headless, "hift.pt is not laid out as expected"),
        (misshapen, "flow.pt has in another shape 1 tensors: encoder_proj.bias"),
        (cut("flow.pt"), "flow.pt is damaged"),
        (cut("speech_tokenizer_v2_25hz.onnx"), "speech_tokenizer_v2_25hz.onnx cannot be opened"),
    ],
)
def test_what_is_wrong_with_the_files_is_told(tmp_path: Path, damage: Callable[[Path], None], told: str) -> None:
    damage(write_token2wav(tmp_path / FOLDER, seeded()))
    with pytest.raises(BadInput, match=told):
        open_token2wav(tmp_path)
