"""The files of token2wav: sizes from shapes, weight norm, guidance, and errors for damaged files.

Also tests `flow.py`, `flow_estimator.py`, `hift.py` and `hift_source.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from dialogue.errors import BadInput
from dialogue.minicpm.speech.flow import GUIDANCE, Flow, FlowSizes
from dialogue.minicpm.speech.hift import Hift, HiftSizes
from dialogue.minicpm.speech.token2wav_files import FOLDER, merge_weight_norm, open_token2wav, read_guidance
from dialogue.minicpm.tiny.token2wav import FLOW_SIZES, HIFT_SIZES, as_published, random_tensors, write_token2wav


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_sizes_are_read_from_the_weights() -> None:
    assert FlowSizes.of({name: tensor.shape for name, tensor in Flow(FLOW_SIZES).state_dict().items()}) == FLOW_SIZES
    assert HiftSizes.of({name: tensor.shape for name, tensor in Hift(HIFT_SIZES).state_dict().items()}) == HIFT_SIZES


def test_merged_weight_norm_gives_the_original_weights() -> None:
    tensors = random_tensors(Hift(HIFT_SIZES), seeded())
    published = as_published(tensors)
    assert any(name.endswith("original0") for name in published)
    whole = merge_weight_norm({name.removeprefix("generator."): tensor for name, tensor in published.items()})
    assert whole.keys() == tensors.keys()
    for name, tensor in tensors.items():
        torch.testing.assert_close(whole[name], tensor)


def test_guidance_is_read_from_the_settings_or_defaults() -> None:
    assert read_guidance("flow: !new:x\n  decoder: !new:y\n    inference_cfg_rate: 0.5\n") == 0.5
    assert read_guidance("flow:\n") == GUIDANCE


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
    def damage(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:-40])

    return damage


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "campplus.onnx").unlink(), "campplus.onnx missing"),
        (lacking, "flow.pt has 1 missing tensors: encoder.encoders.1.norm_ff.weight"),
        (headless, "hift.pt has an unexpected layout"),
        (misshapen, "flow.pt has 1 misshapen tensors: encoder_proj.bias"),
        (cut("flow.pt"), "flow.pt is damaged"),
        (cut("speech_tokenizer_v2_25hz.onnx"), "speech_tokenizer_v2_25hz.onnx cannot be opened"),
    ],
)
def test_a_damaged_file_is_named_in_the_error(tmp_path: Path, damage: Callable[[Path], None], message: str) -> None:
    damage(write_token2wav(tmp_path / FOLDER, seeded()))
    with pytest.raises(BadInput, match=message):
        open_token2wav(tmp_path)
