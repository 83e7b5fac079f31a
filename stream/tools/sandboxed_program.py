"""The program inside the sandbox: runs the Python code that it reads from standard input, and writes one JSON object.

It has limits on its own memory and processor time, and on the size of a file; more processes are refused by the filter
of system calls. Imports nothing of the project, so that it runs with the standard library alone. What it writes is
data: the code can write there too. Pictures are the files that the code wrote, or else the figures that it left open in
matplotlib, where that is there.
"""

import base64
import contextlib
import io
import json
import os
import resource
import sys
import traceback

MEMORY, CPU_S, FILE_BYTES, OUTPUT = 768_000_000, 8, 16_000_000, 8_000
OPEN_FILES = 64
PACKAGES = "/packages"  # matplotlib and what it needs, if this machine has it
MOST_PICTURES, PICTURE_BYTES = 4, 1_000_000


class _Bounded(io.TextIOBase):
    """Keeps the first OUTPUT characters."""

    def __init__(self) -> None:
        self.text, self.cut = "", False

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        room = OUTPUT - len(self.text)
        self.text += text[:room]
        self.cut = self.cut or len(text) > room
        return len(text)


def main() -> None:
    code = sys.stdin.read()
    answer = os.dup(1)
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    out = _Bounded()
    error = ""
    pictures = []
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            _run(code)
            pictures = [base64.b64encode(picture).decode() for picture in _pictures()]
        except SystemExit:
            pass
        except MemoryError:
            error = "MemoryError: the code needs too much memory"
        except BaseException as odd:
            error = "".join(traceback.format_exception_only(odd)).strip()[-OUTPUT:]
    message = {"output": out.text + (" ... (cut)" if out.cut else ""), "error": error, "pictures": pictures}
    os.write(answer, json.dumps(message).encode())
    os._exit(0)  # threads of the code that still run end here


def _run(code: str) -> None:
    """Runs the code; the value of an expression on the last line is printed, as in a terminal."""
    import ast
    import warnings

    sys.path.append(PACKAGES)
    warnings.filterwarnings("ignore", message=".*non-interactive")  # plt.show(), which shows the figure here too
    tree = ast.parse(code)
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr):
        tree.body.pop()
    names = {"__name__": "__main__"}
    exec(compile(tree, "<code>", "exec"), names)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), "<code>", "eval"), names)
        if value is not None:
            print(repr(value))


def _pictures() -> list[bytes]:
    """PNG or JPEG, in the order of their names or numbers."""
    files = [name for name in sorted(os.listdir()) if name.lower().endswith((".png", ".jpg", ".jpeg"))]
    made = []
    for name in files[:MOST_PICTURES]:
        with open(name, "rb") as file:
            made.append(file.read(PICTURE_BYTES + 1))
    plots = sys.modules.get("matplotlib.pyplot")
    if plots is not None and not files:
        for number in plots.get_fignums()[:MOST_PICTURES]:
            plots.figure(number).savefig(drawn := io.BytesIO(), format="png")
            made.append(drawn.getvalue())
    return [picture for picture in made if len(picture) <= PICTURE_BYTES]


if __name__ == "__main__":
    main()
