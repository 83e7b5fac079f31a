"""Placing calls across replicas, the queue over all of them, and how many replicas there should be.

Also tests `autoscaling.py`.
"""

from __future__ import annotations

import pytest

from ui.call.waiting_line import PATIENCE_S, InLine
from ui.cluster.autoscaling import IDLE_S, Autoscaling
from ui.cluster.replica_table import MOST_MISSED, ReplicaTable


def table_of(**places: tuple[int, int]) -> ReplicaTable:
    """Replicas with (capacity, taken)."""
    table = ReplicaTable()
    for name, (capacity, taken) in places.items():
        table.add(name)
        table.reported(name, capacity, taken)
    return table


def test_a_call_goes_where_most_places_are_free() -> None:
    table = table_of(a=(4, 3), b=(4, 1))
    assert [table.place(None, None, 0.0).name for _ in range(3)] == ["b", "b", "a"]
    assert table.free == 1
    table.reported("b", 4, 4)
    assert table.free == 0, "a report counts, not what was expected"


def test_callers_wait_in_one_queue_for_all_replicas() -> None:
    table = table_of(a=(1, 1), b=(1, 1))
    tickets = []
    for position in (1, 2):
        with pytest.raises(InLine) as waiting:
            table.place(None, None, 0.0)
        assert waiting.value.position == position
        tickets.append(waiting.value.ticket)
    table.reported("b", 1, 0)
    with pytest.raises(InLine):
        table.place(tickets[1], None, 1.0)
    assert table.place(tickets[0], None, 2.0).name == "b"
    with pytest.raises(InLine) as waiting:
        table.place(tickets[1], None, 2.0)
    assert waiting.value.position == 1
    table.reported("a", 1, 0)
    assert table.place(None, None, 2.0 + 2 * PATIENCE_S).name == "a", "who does not ask again has left"


def test_a_replica_that_is_gone_takes_its_calls_with_it() -> None:
    table = table_of(a=(2, 0), b=(2, 0))
    table.remember("token", "a")
    assert table.home("token") == "a" and table.home("other") is None and table.home(None) is None
    assert [table.missed("a") for _ in range(MOST_MISSED)] == [False] * (MOST_MISSED - 1) + [True]
    assert table.free == 2, "nothing is placed where no report came"
    table.remove("a")
    assert table.home("token") is None
    table.refused("b")
    assert table.free == 0


def test_replicas_are_added_for_free_places_and_drained_when_idle() -> None:
    scaling = Autoscaling(fewest=1, most=3, spare=2)
    table = ReplicaTable()
    assert scaling.step([], 0, 0, 0.0) == "add"
    assert scaling.step([], 1, 0, 0.0) is None, "one is starting"
    table = table_of(a=(4, 3))
    assert scaling.step(table.replicas.values(), 0, 0, 1.0) == "add", "one place is free, two should be"
    assert scaling.step(table.replicas.values(), 1, 0, 1.0) is None
    table = table_of(a=(4, 4), b=(4, 4), c=(4, 4))
    assert scaling.step(table.replicas.values(), 0, 9, 2.0) is None, "there are as many as there may be"
    table = table_of(a=(4, 2), b=(4, 0))
    assert scaling.step(table.replicas.values(), 0, 0, 3.0) is None
    assert scaling.step(table.replicas.values(), 0, 0, 3.0 + IDLE_S) == "drain"
    assert scaling.emptiest(table.replicas.values()).name == "b"
    table.replicas["b"].draining = True
    assert scaling.step(table.replicas.values(), 0, 0, 4.0 + IDLE_S) is None
    assert table.free == 2 and table.place(None, None, 0.0).name == "a"
