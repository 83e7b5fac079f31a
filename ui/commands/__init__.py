"""The subcommands of `omnilive`, in the order in which `--help` shows them.

A module here has `add_to(commands)`, which declares its arguments and the function that runs them.
"""

from __future__ import annotations

from ui.commands import models, run

COMMANDS = (run, models)
