"""Builds the compiled decode step along with the package. Everything else stands in pyproject.toml.

Optional: without a C++ compiler the install succeeds and the language model runs by torch, about three times slower;
`omnilive doctor` then says so.
"""

from __future__ import annotations

import runpy
import subprocess
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError

NATIVE = Path("dialogue/llm/native")


def sources_of(ext: Extension) -> list[Path]:
    return [*map(Path, (*ext.sources, *ext.depends)), NATIVE / "build.py"]


def changed_at(path: Path) -> float:
    return path.stat().st_mtime


class BuildStep(build_ext):
    """Compiles after a change, with the flags of dialogue/llm/native/build.py, which also builds it by hand."""

    def build_extension(self, ext: Extension) -> None:
        output = Path(self.get_ext_fullpath(ext.name))
        output.parent.mkdir(parents=True, exist_ok=True)
        if not self.force and output.exists() and output.stat().st_mtime >= max(map(changed_at, sources_of(ext))):
            return
        try:
            runpy.run_path(str(NATIVE / "build.py"))["build"](output)
        except (OSError, subprocess.CalledProcessError) as error:
            raise CompileError(f"no compiled decode step, the language model will run by torch: {error}") from error


setup(
    ext_modules=[
        Extension(
            "dialogue.llm.native.decode_step",
            sources=[str(NATIVE / "decode_step.cpp")],
            depends=[str(header) for header in NATIVE.glob("*.h")],
            optional=True,
        )
    ],
    cmdclass={"build_ext": BuildStep},
)
