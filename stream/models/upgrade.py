"""Replaces the small embedded LLM by the larger one while calls go on with the small one."""

from __future__ import annotations

from dataclasses import replace

from dialogue.engines.entries import LARGER_LLM
from dialogue.engines.registry import entry_of
from stream.models.default_llm import LARGER, TOKENS_PER_S
from stream.models.fetching.fetch_errors import WeightsError
from stream.models.measured_pace import remembered_pace
from stream.models.open_llm import open_llm
from stream.models.parts import Parts, live_and_chat
from stream.models.prepare import Arrived, prepare
from stream.models.setup import Setup
from stream.models.weights import WeightStore
from stream.runtime.device_thread import DeviceThread


async def upgraded(setup: Setup, parts: Parts, store: WeightStore, arrived: Arrived) -> tuple[Setup, Parts]:
    """The setup and the parts of calls that begin from now on; `parts` stay open for those that are running.

    Fetches and packs the model of `setup.upgrade` first, in a process of its own. The new parts share everything but
    the language model and its thread. Raises WeightsError, also for a model that is too slow here.
    """
    assert setup.upgrade is not None, "the setup names no other engine"
    await prepare(store.folder.parent, arrived)
    thread = DeviceThread("llm")
    try:
        live, chat = live_and_chat(await thread.run(open_llm, setup.upgrade, store, thread.run))
        pace = remembered_pace(store.path(LARGER_LLM))
        if pace is not None and pace < TOKENS_PER_S:
            raise WeightsError(f"{LARGER} writes {pace:.1f} tokens a second here, fewer than {TOKENS_PER_S:.0f}")
        better = replace(
            parts,
            new_engine=live,
            new_chat_engine=chat,
            threads=replace(parts.threads, llm=thread),
            capacity=None,
            measuring=entry_of(setup.upgrade).measure,
        )
        await better.measure()
    except BaseException:
        thread.close()
        raise
    choice = f"{LARGER}: it writes {pace:.0f} tokens a second here" if pace else LARGER
    return replace(setup, engine=setup.upgrade, upgrade=None, llm_choice=choice), better
