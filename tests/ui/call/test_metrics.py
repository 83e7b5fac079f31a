"""What a server counts of its calls. Also tests `turn_metrics.py`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from stream.runtime.events import Notice, TurnRecorded, TurnTimed, Why
from tests.ui.caller import Caller, house
from tests.ui.tracks import Tone


def test_turns_and_notices_are_counted(tmp_path: Path) -> None:
    async def story() -> None:
        async with house(tmp_path) as server, Caller(server.client, (Tone(),)) as caller:
            await caller.call()
            [session] = server.sessions
            session.say(TurnTimed(1, {"first_token": 0.42}, {"first_token": 0.4}, ("first_token",)))
            why = Why(1, "late", "late: 700 ms from your last sound to mine", 3.0)
            session.say(why)
            estimates, over = ((0.1, 0.41),), ("first_sound_heard",)
            session.say(
                TurnRecorded(
                    1, 1.0, 2.0, 5.0, "cut", 0.38, estimates, "Hm?", "It", {}, {}, over, "transcript", 0.004, 0.055
                )
            )
            session.say(Notice("error", "engine_lost", "Gone."))
            assert (await caller.message("latency"))["marks"] == {"first_token": 420.0}
            await caller.message("notice")
            figures = (await server.client.get("/metrics")).text
            assert "omnilive_turns_total 1.0" in figures
            assert 'omnilive_stage_seconds_bucket{le="0.5",stage="first_token"} 1.0' in figures
            assert 'omnilive_stage_seconds_bucket{le="0.4",stage="first_token"} 0.0' in figures
            assert 'omnilive_over_budget_total{stage="first_token"} 1.0' in figures
            assert 'omnilive_errors_total{code="engine_lost"} 1.0' in figures
            assert 'omnilive_reasons_total{kind="late"} 1.0' in figures
            assert 'omnilive_budget_broken_total{by="transcript"} 1.0' in figures
            assert 'omnilive_turn_outcomes_total{outcome="cut"} 1.0' in figures
            assert 'omnilive_turn_silence_seconds_bucket{le="0.4"} 1.0' in figures
            assert 'omnilive_turn_end_probability_bucket{le="0.5"} 1.0' in figures
            assert 'omnilive_network_seconds_bucket{le="0.005"} 1.0' in figures
            assert 'omnilive_jitter_buffer_seconds_bucket{le="0.06"} 1.0' in figures
            assert "omnilive_sessions 1.0" in figures

    asyncio.run(story())
