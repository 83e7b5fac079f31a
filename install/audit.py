"""Compares the pinned libraries with the database of known vulnerabilities, by pip-audit in an environment of its own.

Exit code 1 for a vulnerability; 0 without one, and where the comparison is not possible, which is printed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
AUDITOR = "pip-audit==2.10.1"
WITHIN_S = 180
ANSWER_WITHIN_S = 10  # of one request, so that a machine without the network is not held up


def verdict(report: str) -> tuple[int, str]:
    """(exit code, what to print) of pip-audit's JSON report; an incomplete one means that nothing was compared."""
    try:
        libraries = json.loads(report)["dependencies"]
        found = [
            f"{each['name']} {each['version']}: {fault['id']}, fixed in "
            f"{', '.join(fault['fix_versions']) or 'no version'}"
            for each in libraries
            for fault in each.get("vulns", [])
        ]
    except (ValueError, KeyError, TypeError):
        return 0, "skipped: the database of vulnerabilities cannot be reached, so nothing was compared"
    if found:
        return 1, "\n".join(found)
    return 0, f"{len(libraries)} libraries, no known vulnerability"


def audit(constraints: Path, folder: Path) -> str:
    """pip-audit's report on the pinned versions; empty where it cannot be installed or run."""
    report = folder / "report.json"
    venv.create(folder / "venv", with_pip=True)
    python = str(folder / "venv" / "bin" / "python")
    pinned = folder / "requirements.txt"
    pinned.write_text("".join(line for line in constraints.read_text().splitlines(keepends=True) if "==" in line))
    auditing = [python, "-m", "pip_audit", "--no-deps", "--disable-pip", "--timeout", str(ANSWER_WITHIN_S)]
    for command in (
        [python, "-m", "pip", "install", "--quiet", AUDITOR],
        [*auditing, "--requirement", str(pinned), "--format", "json", "--output", str(report)],
    ):
        try:
            subprocess.run(command, timeout=WITHIN_S, check=False)
        except subprocess.TimeoutExpired:
            return ""
    return report.read_text() if report.exists() else ""


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        code, message = verdict(audit(ROOT / "constraints.txt", Path(folder)))
    print(message)
    return code


if __name__ == "__main__":
    sys.exit(main())
