"""`omnilive doctor`: its findings about this machine, and about machines that lack something.

Also tests `ui/checks/devices.py`, `ui/checks/finding.py`, `ui/checks/machine.py`, `ui/checks/service.py` and
`ui/checks/speed.py`.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from stream.models.weights import WeightStore
from ui.checks import machine
from ui.checks.devices import check_devices
from ui.checks.finding import Finding
from ui.checks.machine import check_machine
from ui.checks.service import check_certificate, check_port, check_weights
from ui.command_line import main


def test_this_machine_is_checked(tmp_path: Path) -> None:
    found = {finding.name: finding for finding in check_machine(tmp_path / "not" / "yet")}
    assert found["libraries"].level == "ok"
    assert found["processor"].figures["cores"] >= 1
    assert found["disk"].figures["disk_free_gb"] > 0


def test_a_library_that_does_not_load_is_named_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_library.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(machine, "COMPILED", ("numpy", "broken_library"))
    monkeypatch.setattr(machine, "CURES", {"broken_library": "install the headless one"})
    [problem] = [finding for finding in check_machine(tmp_path) if finding.level == "problem"]
    assert problem == Finding(
        "broken_library",
        "problem",
        "does not load: libGL.so.1: cannot open shared object file",
        "install the headless one",
    )


def test_missing_weights_are_a_problem(tmp_path: Path, weights: WeightStore) -> None:
    assert check_weights(weights).level == "ok"
    missing = check_weights(WeightStore(tmp_path))
    assert missing.level == "problem"
    assert "silero-vad is missing" in missing.message
    assert missing.advice == "run `omnilive models pull`"


def test_a_used_port_is_a_problem() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert check_port("127.0.0.1", port).level == "problem"
    assert check_port("127.0.0.1", port) == Finding("port", "ok", f"http://127.0.0.1:{port}/ can be served")


def test_an_unwritable_folder_for_the_certificate_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    levels = {finding.level for finding in check_certificate(tmp_path / "file")}
    assert levels in ({"problem"}, {"warning"})  # a warning where the machine has no network


def test_every_device_is_checked_without_an_error() -> None:
    found = {finding.name: finding for finding in check_devices()}
    assert "camera" in found
    assert all(finding.level == "ok" or (finding.message and finding.advice) for finding in found.values())
    assert all(finding.level != "problem" for finding in found.values()), "a browser brings its own devices"


def test_the_json_report_has_findings_and_figures(capsys: pytest.CaptureFixture[str], weights: WeightStore) -> None:
    assert main(["doctor", "--quick", "--json", "--port", "0"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {"python", "libraries", "camera", "weights", "port"} <= {each["name"] for each in report["findings"]}
    assert report["figures"]["memory_gb"] > 0


def test_the_text_report_ends_with_1_when_there_is_a_problem(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OMNILIVE_HOME", str(tmp_path))
    assert main(["doctor", "--quick", "--port", "0"]) == 1
    printed = capsys.readouterr().out
    assert "!!  weights" in printed
    assert "-> run `omnilive models pull`" in printed
    assert "1 problems" in printed
    assert not list(tmp_path.glob("weights/*")), "a doctor looks and fetches nothing"
