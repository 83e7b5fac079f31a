"""The metrics of replicas in one text, which Prometheus' own parser reads."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from stream.runtime.events import Notice
from ui.call.metrics import Metrics
from ui.cluster.replica_metrics import merged_metrics


def test_every_sample_says_which_replica_it_is_of() -> None:
    one, two = Metrics(), Metrics()
    one.sessions.set(2)
    two.sessions.set(1)
    two.count(Notice("error", "engine_lost", "It broke."))
    text = merged_metrics({"replica-1": one.text().decode(), "replica-2": two.text().decode()})
    families = {family.name: family for family in text_string_to_metric_families(text)}
    sessions = {sample.labels["replica"]: sample.value for sample in families["omnilive_sessions"].samples}
    assert sessions == {"replica-1": 2.0, "replica-2": 1.0}
    [error] = [each for each in families["omnilive_errors"].samples if each.name.endswith("_total")]
    assert error.labels == {"replica": "replica-2", "code": "engine_lost"}
    assert families["omnilive_loop_lag_seconds"].type == "histogram"
    assert text.count("# TYPE omnilive_sessions ") == 1


def test_what_is_no_sample_is_left_out() -> None:
    assert merged_metrics({"a": "# TYPE x gauge\nx 1.0\n}{\n\n<html>"}) == '# TYPE x gauge\nx{replica="a"} 1.0\n'
