"""What answers the questions of a benchmark: a model, a model with an index of a text, the library's search, files."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from dialogue.engines.entries import EMBEDDER
from dialogue.evaluation.benchmark import BenchmarkItem
from dialogue.evaluation.retrieval import MOST, corpus
from dialogue.library.library import Library
from dialogue.library.passage import Section
from dialogue.llm.generation_config import GenerationConfig
from dialogue.memory.sentence_embedding import SentenceEmbedder
from stream.long_text.excerpts import Excerpts
from stream.long_text.map_reduce import part_characters
from stream.long_text.reduction import LongAnswer, Reduction
from stream.long_text.text_index import TextIndex
from stream.models.engine_alone import engine_alone, engine_weights
from stream.models.needs import weights_needed
from stream.models.parts import open_parts
from stream.models.setup import Setup
from stream.requests.chat_requests import ChatRequests, RequestOptions
from stream.requests.request_message import RequestMessage
from ui.api.attachments import read_file, read_item
from ui.host.home import weight_store
from ui.host.progress import fetch

BATCH = 64  # documents that are stored together


@asynccontextmanager
async def asking(setup: Setup, most_tokens: int) -> AsyncIterator[Callable[[BenchmarkItem], Awaitable[str]]]:
    """The setup's models, without sampling where the engine allows it."""
    store = weight_store()
    fetch(store, weights_needed(setup, store))
    parts = await open_parts(setup, store)
    options = RequestOptions(GenerationConfig(temperature=0.0, max_new_tokens=most_tokens))
    requests = ChatRequests(parts, setup)

    async def answer(item: BenchmarkItem) -> str:
        pictures = [
            read_file(each) if isinstance(each, Path) else read_item({"type": "image", "image": each})
            for each in item.media
        ]
        message = RequestMessage("user", [*pictures, item.prompt])
        return "".join([piece async for piece in requests.answer([message], request_options=options)])

    try:
        yield answer
    finally:
        parts.close()


@asynccontextmanager
async def reading(setup: Setup) -> AsyncIterator[Callable[[BenchmarkItem], Awaitable[str]]]:
    """The setup's language model, which reads what the index of each text finds."""
    store = weight_store()
    fetch(store, [*engine_weights(setup), EMBEDDER])
    embed = SentenceEmbedder(store.path(EMBEDDER)).embed
    async with engine_alone(setup, store) as new_engine:
        engine = new_engine()
        reduction = Reduction(new_engine, part_characters(engine.context().limit))
        await engine.close()

        async def answer(item: BenchmarkItem) -> str:
            with TextIndex("text", embed) as index:
                async for _ in index.fill([Section("", item.context)]):
                    pass
                steps = [step async for step in Excerpts(reduction, [index]).answer(item.prompt)]
            return steps[-1].text if isinstance(steps[-1], LongAnswer) else ""

        yield answer


async def searching(data: Path) -> Callable[[BenchmarkItem], Awaitable[str]]:
    """The library's search in the documents of a task."""
    store = weight_store()
    fetch(store, [EMBEDDER])
    library, ids = Library(None, SentenceEmbedder(store.path(EMBEDDER)).embed), list[str]()
    path, batch = Path("corpus"), list[Section]()
    library.begin(path, 0, 0)
    for key, text in corpus(data):
        ids.append(key)
        batch.append(Section("", text))
        if len(batch) == BATCH:
            library.append(path, batch)
            batch = []
    if batch:
        library.append(path, batch)

    async def answer(item: BenchmarkItem) -> str:
        return json.dumps([ids[each.passage.number - 1] for each in library.search(item.prompt, MOST)])

    return answer


async def recorded(item: BenchmarkItem) -> str:
    """The answer that stands in the files."""
    return item.recorded
