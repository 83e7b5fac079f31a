"""`omnilive run` as a program of its own, with the real models: it warms up, serves, and leaves in order."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from stream.models.weights import WeightStore

ROOT = Path(__file__).parent.parent.parent


def test_it_serves_until_it_is_interrupted(home: Path, weights: WeightStore, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "omnilive", "run", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, "OMNILIVE_HOME": str(home), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=(tmp_path / "stderr").open("w"),
        text=True,
    )
    assert process.stdout is not None
    try:
        printed = ""
        while not (address := re.search(r"http://127\.0\.0\.1:\d+/", printed)):
            line = process.stdout.readline()
            assert line, "it ended before it was ready"
            printed += line
        with urllib.request.urlopen(f"{address.group()}healthz", timeout=30) as answer:
            health = json.load(answer)
        assert (health["status"], health["setup"]) == ("ok", "laptop")
        with urllib.request.urlopen(address.group(), timeout=30) as page:
            assert b"<html" in page.read()
        process.send_signal(signal.SIGINT)
        printed += process.stdout.read()
        process.wait(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Nothing that you say or show leaves this machine." in printed
    assert (tmp_path / "stderr").read_text() == ""
