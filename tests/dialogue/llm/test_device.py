"""The choice of a device, and refusals. Also tests `dialogue/errors.py`."""

from __future__ import annotations

import pytest
import torch

from dialogue.errors import BadInput
from dialogue.llm.device import device_for


def test_the_cpu_is_always_available() -> None:
    assert device_for("cpu") == "cpu"
    assert device_for("auto") == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("named", ["tpu", "", "cuda:x", "cpu please", "xpu", "meta:x"])
def test_an_unavailable_device_is_refused(named: str) -> None:
    with pytest.raises(BadInput, match="device"):
        device_for(named)


def test_a_gpu_beyond_the_last_one_is_refused() -> None:
    with pytest.raises(BadInput, match="torch finds"):
        device_for(f"cuda:{torch.cuda.device_count()}")
