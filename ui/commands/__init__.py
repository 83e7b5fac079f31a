"""The subcommands of `omnilive`, in the order in which `--help` shows them.

Each module has `add_to(commands)`, which declares its arguments and the function that runs it.
"""

from __future__ import annotations

from ui.commands import ask, cluster, doctor, evaluate, library, models, replay, run, talk

COMMANDS = (run, cluster, talk, ask, library, replay, evaluate, models, doctor)
