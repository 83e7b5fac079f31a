"""What the front passes on to a replica. Also tests `replica.py`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import FastAPI

from tests.ui.call.test_call import run
from ui.cluster.forwarding import ReplicaClient
from ui.cluster.replica import ReplicaAddress
from ui.host.address import listen
from ui.http.web_server import guarded_server
from ui.openai.api_keys import ApiKeys


def test_the_callers_own_token_does_not_lock_the_front_out_of_a_replica(tmp_path: Path) -> None:
    async def story() -> None:
        app = FastAPI()
        app.add_api_route("/call", lambda: {"answered": True}, methods=["POST"])
        listening, address = listen("127.0.0.1", 0)
        web = guarded_server(app, ApiKeys(), address, "token of the cluster", tmp_path)
        serving = asyncio.create_task(web.serve(sockets=[listening]))
        client = ReplicaClient(ReplicaAddress(address.url().rstrip("/"), "token of the cluster"))
        try:
            for headers in ({}, {"authorization": "Bearer token of the front"}, {"Authorization": "Bearer a key"}):
                answer = await client.post("/call", {}, headers)
                assert (answer.status_code, answer.text) == (200, '{"answered":true}')
        finally:
            await client.close()
            web.should_exit = True
            await serving

    run(story())
