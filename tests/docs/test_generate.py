"""The site builds without a warning and without a network; the README keeps its limits."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ui.command_line import parser
from ui.commands import COMMANDS

ROOT = Path(__file__).parents[2]
# What a browser fetches by itself when it shows a page. Links may lead elsewhere.
FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src"}
FETCHED_LINKS = {"stylesheet", "icon", "preload", "preconnect", "dns-prefetch", "modulepreload"}


class Fetched(HTMLParser):
    """Collects the addresses in a page that a browser fetches by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "link" and FETCHED_LINKS & set((given.get("rel") or "").split()):
            self.addresses.append(given.get("href") or "")
        elif tag in FETCHED and given.get(FETCHED[tag]):
            self.addresses.append(given[FETCHED[tag]] or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_a_page_of_the_site_fetches_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 25
    addresses = 0
    for page in pages:
        fetched = Fetched()
        fetched.feed(page.read_text())
        addresses += len(fetched.addresses)
        assert [address for address in fetched.addresses if re.match(r"(https?:)?//", address)] == [], page
    assert addresses > len(pages)
    for style in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", style.read_text()), style


def test_the_reference_names_every_command_and_option(site: Path) -> None:
    text = (site / "reference" / "cli.html").read_text()
    actions = [action for group in parser()._action_groups for action in group._group_actions]
    [commands] = [action.choices for action in actions if isinstance(action.choices, dict)]
    names = {command: name for name, command in reversed(commands.items())}  # without the aliases
    assert len(names) == len(COMMANDS)
    for command, name in names.items():
        assert f"omnilive {name}</h2>" in re.sub(r"<a .*?</a>", "", text)
        for action in command._actions:
            for option in action.option_strings:
                assert option in text, f"{option} of {name}"


def test_the_reference_shows_classes_methods_and_metrics(site: Path) -> None:
    python = (site / "reference" / "python.html").read_text()
    for name in ("Assistant", "describe_image", "from_pretrained", "LiveCall", "ReplyEnded", "BadInput"):
        assert f">{name}<" in python
    assert "omnilive_stage_seconds" in (site / "reference" / "metrics.html").read_text()


def test_the_readme_is_short_and_its_links_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) < 120
    links = re.findall(r"\]\(([^)#]+)", text)
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_figure_of_the_readme_is_among_the_measured_ones() -> None:
    readme = (ROOT / "README.md").read_text()
    table = readme.partition("## Measured")[2].partition("\n## ")[0]
    figures = re.findall(r"\d+\.\d+|\d+(?= ms)", table)
    assert len(figures) >= 4
    measured = (ROOT / "docs" / "measured.md").read_text()
    assert [figure for figure in figures if not re.search(rf"(?<![\d.]){re.escape(figure)}(?![\d.])", measured)] == []
    outside = readme.replace(table, "")
    assert re.findall(r"\d+(?:\.\d+)? ?(?:ms|MB|GB|%|tokens)(?!\w)", outside) == []
