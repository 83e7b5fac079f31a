"""`python -m ui`: the same as the `omnilive` command."""

import sys

from ui.command_line import main

sys.exit(main())
