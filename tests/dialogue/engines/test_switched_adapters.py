"""Engines switch adapters while a conversation goes on: their contexts equal those that had the adapter all along."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import Tensor

from dialogue.blocks import PictureBlock, ReplyBlock, TextBlock
from dialogue.engine import Adapts
from dialogue.engines.chat_model import open_chat_model
from dialogue.engines.local_chat import LocalChatEngine
from dialogue.engines.minicpm.minicpm3 import MiniCPM3Engine, open_minicpm3
from dialogue.engines.minicpm.minicpm_v import MiniCPMVEngine, open_minicpm_v
from dialogue.errors import BadInput
from dialogue.llm.checkpoints.checkpoint import Checkpoint
from dialogue.llm.sampling import GREEDY
from dialogue.minicpm.kind import Kind
from dialogue.minicpm.tiny.checkpoint import write_tiny
from tests.dialogue.adapters import write_adapter
from tests.dialogue.chat_models import write_chat_model
from tests.dialogue.conftest import run_here
from tests.dialogue.minicpm.session_inputs import picture
from tests.dialogue.talking import ask, clock

TALK = ("Tell me about the sea.", "And the hills?")


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A factory of sessions of a tiny chat model with two adapters."""
    folder = tmp_path_factory.mktemp("chat")
    write_chat_model("qwen2", folder / "model")
    products = {"model.layers.0.self_attn.q_proj": (128, 128), "model.layers.1.mlp.down_proj": (128, 96)}
    adapters = [(name, write_adapter(folder / name, products, seed)) for seed, name in enumerate(("law", "verse"))]
    return open_chat_model(folder / "model", run_here, 2048, clock, precision="float32", adapters=adapters)


async def talk(engine: LocalChatEngine) -> None:
    """The same words in every conversation."""
    for number, text in enumerate(TALK):
        await engine.feed(TextBlock(text, 3 * number, 3 * number + 1))
        await engine.feed(ReplyBlock("It is large.", 3 * number + 1, 3 * number + 2))


def rows(engine: LocalChatEngine) -> Tensor:
    """The keys and values of its context."""
    context = engine._context.tokens
    assert context is not None
    return context.prefix(len(context.ids)).clone()


def test_a_switched_context_is_that_of_a_session_which_had_the_adapter_all_along(sessions: Any) -> None:
    async def all_along(name: str) -> Tensor:
        engine: LocalChatEngine = sessions()
        engine.adapters.use(name)
        await talk(engine)
        return rows(engine)

    async def run() -> None:
        expected = {name: await all_along(name) for name in ("law", "verse", "")}
        engine, other = sessions(), sessions()
        assert isinstance(sessions(), Adapts)
        assert (engine.adapters.names, engine.adapters.name) == (("law", "verse"), "law")
        await talk(engine)
        await talk(other)
        for name in ("law", "verse", "", "law"):
            engine.adapters.use(name)
            while await engine.prefill_idle():
                pass
            await engine.feed(ReplyBlock("", 9, 9))  # follows, if nothing was computed ahead
            torch.testing.assert_close(rows(engine), expected[name])
        assert not torch.allclose(expected["law"], expected[""], atol=1e-2)
        torch.testing.assert_close(rows(other), expected["law"])
        with pytest.raises(BadInput, match="no adapter 'prose'; there is law, verse"):
            engine.adapters.use("prose")

    asyncio.run(run())


def test_a_reply_that_is_being_written_keeps_its_adapter(sessions: Any) -> None:
    async def run(switching: bool) -> tuple[str, str]:
        engine: LocalChatEngine = sessions()
        await engine.feed(TextBlock(TALK[0], 0, 1))
        text = ""
        async for delta in engine.reply():
            text += cast(Any, delta).text
            if switching:
                engine.adapters.use("verse")
        await engine.feed(ReplyBlock(text, 1, 2))
        return text, await ask(engine, TALK[1])

    (kept, later), (switched, otherwise) = asyncio.run(run(False)), asyncio.run(run(True))
    assert kept == switched
    assert later != otherwise


def test_minicpm3_and_a_model_that_sees_switch_too(tmp_path: Path) -> None:
    write_tiny(Kind.TEXT3, tmp_path / "text")
    write_tiny(Kind.V26, tmp_path / "sees")
    lora = write_adapter(tmp_path / "lora", {"model.layers.0.self_attn.o_proj": shape(tmp_path / "text")})
    seeing = write_adapter(
        tmp_path / "seeing", {"llm.model.layers.0.self_attn.o_proj": shape(tmp_path / "sees", "llm.")}
    )

    async def contexts(engine: MiniCPM3Engine | MiniCPMVEngine) -> list[Tensor]:
        await engine.feed(PictureBlock(picture(1, 56, 56).rgb, 0.0))
        await engine.feed(TextBlock(TALK[0], 0.0, 1.0))
        found = []
        for name in ("lora", "", "lora"):
            engine.adapters.use(name)
            await engine.feed(ReplyBlock("", 1.0, 1.0))
            context: Any = engine._context
            tokens = getattr(context, "_context", context)
            found.append(tokens.prefix(len(tokens.ids)).clone())
        return found

    exact: Any = {"precision": "float32", "sampling": GREEDY}
    text = open_minicpm3(tmp_path / "text", run_here, 2048, adapters=[("lora", lora)], **exact)
    sees = open_minicpm_v(tmp_path / "sees", run_here, adapters=[("lora", seeing)], **exact)
    for new in (text, sees):
        first, base, again = asyncio.run(contexts(cast(Any, new())))
        torch.testing.assert_close(first, again)
        assert not torch.allclose(first, base, atol=1e-3)


def shape(folder: Path, prefix: str = "") -> tuple[int, int]:
    """The shape of the first output projection."""
    outputs, inputs = Checkpoint(folder).shape(f"{prefix}model.layers.0.self_attn.o_proj.weight")
    return outputs, inputs
