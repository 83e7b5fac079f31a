"""The audit fails for a vulnerability, and says so where it could not compare."""

from __future__ import annotations

import json

import pytest

from install.audit import verdict

CLEAN = {"name": "numpy", "version": "2.4.0", "vulns": []}
FAULTY = {"name": "pillow", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1"]}]}
UNFIXED = {"name": "old", "version": "0.1", "vulns": [{"id": "CVE-2", "fix_versions": []}]}
SKIPPED = {"name": "torch", "skip_reason": "not in the index"}


def test_libraries_without_a_known_fault_pass() -> None:
    assert verdict(json.dumps({"dependencies": [CLEAN, SKIPPED]})) == (0, "2 libraries, no known vulnerability")


def test_every_fault_is_named_with_its_remedy() -> None:
    code, message = verdict(json.dumps({"dependencies": [CLEAN, FAULTY, UNFIXED]}))
    assert code == 1
    assert message.splitlines() == ["pillow 1.0: CVE-1, fixed in 1.1", "old 0.1: CVE-2, fixed in no version"]


@pytest.mark.parametrize("report", ["", "{", "[]", "{}", '{"dependencies": null}'])
def test_a_report_that_is_missing_is_no_success(report: str) -> None:
    code, message = verdict(report)
    assert code == 0 and message.startswith("skipped")
