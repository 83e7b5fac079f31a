"""`omnilive doctor`: checks this machine and gives advice."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stream.models.needs import weights_needed
from ui.commands.subparsers import Subparsers, add_command, add_setup_options, chosen_setup, port
from ui.host.home import home, weight_store

if TYPE_CHECKING:
    from stream.models.setup import Setup
    from ui.checks.finding import Finding

EXAMPLES = """\
  omnilive doctor                 check everything and measure every stage, about half a minute
  omnilive doctor --quick         check without measuring
  omnilive doctor --json          print one JSON object, for a bug report
"""

MARKS = {"ok": "ok", "warning": "--", "problem": "!!"}


def add_to(commands: Subparsers) -> None:
    parser = add_command(
        commands,
        "doctor",
        examine,
        about="check this machine, with advice",
        description="Checks the machine, its devices, the weights and the port, and measures every stage of an answer. "
        "The exit code is 1 when it finds a problem.",
        examples=EXAMPLES,
    )
    parser.add_argument("--quick", action="store_true", help="do not measure the speed")
    parser.add_argument("--json", action="store_true", help="print one JSON object: findings, figures")
    parser.add_argument("--host", default="127.0.0.1", help="address of the server to check; default: 127.0.0.1")
    parser.add_argument("--port", type=port, default=8080, help="port of the server to check; default: 8080")
    add_setup_options(parser)


def examine(options: argparse.Namespace) -> int:
    setup = chosen_setup(options)
    found: list[Finding] = []
    for finding in findings(options, setup):
        found.append(finding)
        if not options.json:
            print(f"{MARKS[finding.level]}  {finding.name:12} {finding.message}", flush=True)
            if finding.advice:
                print(f"    {'':12} -> {finding.advice}", flush=True)
    problems = sum(finding.level == "problem" for finding in found)
    warnings = sum(finding.level == "warning" for finding in found)
    if options.json:
        print(json.dumps(as_json(found), indent=2))
    else:
        print(f"\n{len(found) - problems - warnings} ok, {warnings} warnings, {problems} problems")
    return 1 if problems else 0


def findings(options: argparse.Namespace, setup: Setup) -> Iterator[Finding]:
    from ui.checks.devices import check_devices
    from ui.checks.machine import check_machine
    from ui.checks.service import check_certificate, check_port, check_weights

    yield from check_machine(home())
    yield from check_devices()
    weights = check_weights(weight_store(), weights_needed(setup, weight_store()))
    yield weights
    if setup.llm_choice:
        from ui.checks.finding import Finding

        yield Finding("llm choice", "ok", setup.llm_choice)
    yield check_port(options.host, options.port)
    yield from check_certificate(home())
    if not options.quick and weights.level == "ok":
        from ui.checks.speed import check_speed

        yield from asyncio.run(check_speed(setup, weight_store()))


def as_json(found: list[Finding]) -> dict[str, object]:
    """{"findings": [...], "figures": {name: value}}."""
    figures = {name: round(value, 2) for finding in found for name, value in finding.figures.items()}
    results = [
        {
            "name": each.name,
            "level": each.level,
            "message": each.message,
            **({"advice": each.advice} if each.advice else {}),
        }
        for each in found
    ]
    return {"findings": results, "figures": figures}
