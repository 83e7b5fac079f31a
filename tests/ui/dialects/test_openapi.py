"""The description of the endpoints is true: schemathesis asks what it allows and what it forbids, of toy models."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.applications import Starlette

from stream.models.admission import Admission
from stream.models.setup import SETUPS
from tests.stream.toy_parts import ToyEngine, toy_parts
from ui.call.admission_queue import AdmissionQueue
from ui.call.metrics import Metrics
from ui.dialects.openapi import openapi
from ui.http.routes import Routes, application
from ui.openai.served_models import ServedModels

EXAMPLES = 8  # of each endpoint
ALL, PHASES = list(HealthCheck), [Phase.generate]

schemathesis.serializer.alias("application/sdp", "text/plain")


@pytest.fixture(scope="module")
def app() -> Iterator[Starlette]:
    parts = toy_parts(lambda: ToyEngine(["A word."]))

    async def queue() -> AdmissionQueue:
        return AdmissionQueue(Admission(1), Metrics())

    state = Routes(SETUPS["laptop"], Metrics(), status="ok")
    state.models = ServedModels(parts, SETUPS["laptop"], asyncio.run(queue()))
    yield application(state)
    parts.close()


@pytest.fixture(scope="module")
def described(app: Starlette) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_asgi("/v1/openapi.json", app)


OPERATIONS = [
    (path, method, mode)
    for path, methods in openapi()["paths"].items()
    for method, operation in methods.items()
    for mode in schemathesis.GenerationMode
    if mode is schemathesis.GenerationMode.POSITIVE or "requestBody" in operation
]


@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS)
def test_every_answer_is_one_that_is_described(
    described: schemathesis.BaseSchema, path: str, method: str, mode: schemathesis.GenerationMode
) -> None:
    """What a schema allows may still be refused: not every text is an offer or the URL of a picture."""

    @given(case=described[path][method].as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=ALL
    )
    def ask(case: Any) -> None:
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    ask()
