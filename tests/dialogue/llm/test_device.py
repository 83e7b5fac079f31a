from __future__ import annotations

import pytest
import torch

from dialogue.errors import BadInput
from dialogue.llm.device import device_for


def test_the_processor_is_always_there() -> None:
    assert device_for("cpu") == "cpu"
    assert device_for("auto") == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("named", ["tpu", "", "cuda:x", "cpu please", "xpu", "meta:x"])
def test_a_device_that_is_not_there_is_told(named: str) -> None:
    with pytest.raises(BadInput, match="device"):
        device_for(named)


def test_a_card_beyond_the_last_one_is_told() -> None:
    with pytest.raises(BadInput, match="torch finds"):
        device_for(f"cuda:{torch.cuda.device_count()}")
