"""Measures a call on bad networks.

A relay between a real Chromium and the real server loses, delays, doubles and reorders the packets of both directions,
and goes dark. words_at_N: share of the spoken words that are in the captions, at N % loss. v2v_ms_p95_at_N: from the
end of a question to the first sound of the reply, by the server's marks. recovery_s_N: from the end of N dark seconds
until the page receives sound and listens. path_change_s: the same after its addresses have died, as when a phone leaves
its Wi-Fi; path_change_by_restart: whether an ICE restart was enough. resumed_N, path_change_resumed: whether the
conversation went on, with no word twice. delay_back_ms: how much longer than before the browser holds back sound, ten
seconds after the network has become good again.

Any WebRTC server that has a page can be measured: --url is its address, and --page a file that says how to use it.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.calls.chromium import chromium_path
from benchmarks.calls.udp_relay import Network, UdpRelay
from benchmarks.report import benchmark_parser, report
from stream.runtime.budget import percentile
from tests.browser.call_fixtures import FLAGS
from tests.browser.made_media import make_camera_y4m, make_mic_wav, sign
from tests.browser.served import ServerProcess
from ui.host.home import home

QUESTIONS = (
    "What does the sign say?",
    "How many people are there?",
    "What is the capital of Italy?",
    "Is there a cup on the table?",
    "Why is the sky blue?",
    "What time is it?",
)
LOSSES, DARK = [0.0, 2.0, 5.0, 10.0, 20.0], [3.0, 15.0]
SETTLING_S, GAP_S = 5.0, 7.0
AFTER_S = 10.0  # of a good network, before the delay is compared
SILENCE_S = 240.0
ANSWERED = "n => callPage.turns().length >= n && callPage.turns().at(-1).ended"
WITHIN_S = 60.0
ONE_CONVERSATION = """() => callPage.turns().length === 2 && callPage.lines() === 4
  && new Set(callPage.turns().map(({conversation}) => conversation)).size === 1"""
OUR_PAGE = Path(__file__).parent / "calls" / "omnilive_page.js"


@dataclass(frozen=True)
class MeasuredPage:
    """The address of a server's page, and the file that says how to use it."""

    url: str
    page: Path = OUR_PAGE


@contextmanager
def calling(server: MeasuredPage, relay: UdpRelay, microphone: Sequence[str | float]) -> Iterator[Page]:
    """A page in a call through the relay; the microphone begins with it."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        devices = [
            f"--use-file-for-fake-audio-capture={make_mic_wav(Path(folder) / 'mic.wav', list(microphone))}%noloop",
            f"--use-file-for-fake-video-capture={make_camera_y4m(Path(folder) / 'cam.y4m', sign('CITY', 'LIBRARY'))}",
        ]
        arguments = [*FLAGS, "--allow-loopback-in-peer-connection", *devices]
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=arguments)
        page = browser.new_context(permissions=["camera", "microphone"], bypass_csp=True).new_page()
        page.expose_function("relayFor", relay.port_for)
        page.add_init_script(path=Path(__file__).parent / "calls" / "relayed.js")
        page.add_init_script(path=server.page)
        page.goto(server.url)
        page.wait_for_function("callPage.ready()")
        page.evaluate("callPage.start()")
        page.wait_for_function("callPage.listening()", timeout=30_000)
        yield page
        page.evaluate("callPage.stop()")
        page.wait_for_function("callPage.idle()")
        browser.close()


def words_of(text: str) -> Counter[str]:
    return Counter(re.findall(r"[a-z]+", text.lower()))


def share_understood(asked: Sequence[str], heard: Sequence[str]) -> float:
    """The share of the words asked that are in the captions."""
    wanted = sum((words_of(text) for text in asked), Counter[str]())
    found = wanted & sum((words_of(text) for text in heard), Counter[str]())
    return found.total() / wanted.total()


def playout_ms(page: Page, seconds: float) -> float:
    """How long the browser held back sound on average, in the next `seconds`."""
    before = page.evaluate("soundReport()")
    page.wait_for_timeout(1000 * seconds)
    after = page.evaluate("soundReport()")
    emitted = after["emitted"] - before["emitted"]
    return 1000 * (after["delay"] - before["delay"]) / emitted if emitted > 0 else float("nan")


def converse(
    server: MeasuredPage, network: Network, conditions: dict[str, float], questions: int
) -> tuple[dict[str, float], float]:
    """A conversation on a bad network, and one good stretch before and after: its figures, and the delay that stays."""
    asked = QUESTIONS[:questions]
    script: list[str | float] = [SETTLING_S]
    for question in asked:
        script += [question, GAP_S]
    relay = UdpRelay(network)
    try:
        with calling(server, relay, script) as page:
            before = playout_ms(page, SETTLING_S - 2)
            for name, value in conditions.items():
                setattr(network, name, value)
            length_s = sum(part if isinstance(part, float) else 2.0 for part in script)
            page.wait_for_timeout(1000 * (length_s - SETTLING_S + 2))
            for name in conditions:
                setattr(network, name, 0.0)
            page.wait_for_timeout(1000 * AFTER_S)
            after = playout_ms(page, 2.0)
            turns: list[dict[str, Any]] = page.evaluate("callPage.turns()")
    finally:
        relay.close()
    heard = [turn["understood"] for turn in turns if turn["understood"]]
    known = [turn["firstSoundMs"] for turn in turns if turn["firstSoundMs"] is not None]
    figures = {
        "words": round(share_understood(asked, heard), 3),
        "answered": sum(bool(turn["replied"]) for turn in turns) / len(asked),
        "v2v_ms_p95": round(percentile(known, 0.95), 1) if known else float("nan"),
    }
    return figures, after - before


@dataclass(frozen=True)
class Recovered:
    """After how long the page received sound and listened again; whether the conversation went on, and no word came
    twice; whether it went on over the same peer connection."""

    after_s: float
    goes_on: bool
    same_connection: bool


def interrupted(server: MeasuredPage, interrupt: Callable[[Page, UdpRelay], None]) -> Recovered:
    """A call whose network is interrupted by `interrupt` between two questions."""
    relay = UdpRelay(Network())
    try:
        with calling(server, relay, [SILENCE_S]) as page:
            page.evaluate("callPage.say('My cat is called Momo.')")
            page.wait_for_function(ANSWERED, arg=1, timeout=30_000)
            page.evaluate("() => (window.before = newestConnection())")
            interrupt(page, relay)
            after_s = _until_sound_comes(page)
            if after_s is None:
                return Recovered(float("inf"), False, False)
            page.evaluate("callPage.say('What is my cat called?')")
            page.wait_for_function(ANSWERED, arg=2, timeout=30_000)
            knows = "momo" in page.evaluate("callPage.turns().at(-1).replied").lower()
            goes_on = page.evaluate(ONE_CONVERSATION)
            same = page.evaluate("newestConnection() === before && pathCount() > 1")
    finally:
        relay.close()
    print(f"recovered after {after_s:.1f} s; remembers: {knows}; one conversation: {goes_on}", flush=True)
    return Recovered(after_s, goes_on and knows, same)


def _until_sound_comes(page: Page) -> float | None:
    """Seconds until the page receives sound and listens; None if it does not within a minute."""
    began, received = time.monotonic(), page.evaluate("soundReport()")
    while time.monotonic() - began < WITHIN_S:
        report_now = page.evaluate("soundReport()")
        fresh = report_now is not None and report_now["received"] != (received or {}).get("received")
        if fresh and page.evaluate("callPage.listening()"):
            return time.monotonic() - began
        page.wait_for_timeout(50)
    return None


def go_dark(server: MeasuredPage, seconds: float) -> dict[str, float]:
    """A blackout in a call: how long it takes afterwards, and whether the conversation goes on."""

    def dark(page: Page, relay: UdpRelay) -> None:
        relay.network.dark = True
        page.evaluate("networkIsDark = true")
        page.wait_for_timeout(1000 * seconds)
        page.evaluate("networkIsDark = false")
        relay.network.dark = False

    print(f"{seconds:g} s dark", flush=True)
    found = interrupted(server, dark)
    return {"recovery_s": round(found.after_s, 2), "resumed": float(found.goes_on)}


def change_path(server: MeasuredPage) -> dict[str, float]:
    """The addresses of a call lead nowhere any more, as when a phone leaves its Wi-Fi; new ones do."""
    print("another path", flush=True)
    found = interrupted(server, lambda _page, relay: relay.change_path())
    return {
        "path_change_s": round(found.after_s, 2),
        "path_change_resumed": float(found.goes_on),
        "path_change_by_restart": float(found.same_connection),
    }


def measure(
    server: MeasuredPage, losses: Sequence[float], darks: Sequence[float], jitter_ms: float, questions: int, path: bool
) -> dict[str, float]:
    figures: dict[str, float] = {}
    stayed = [0.0]
    for loss in losses:
        conditions = {"loss": loss / 100, "jitter_s": jitter_ms / 1000, "duplicates": 0.01 if loss else 0.0}
        found, delay_ms = converse(server, Network(), conditions, questions)
        print(f"{loss:g} % loss: {found}", flush=True)
        stayed.append(delay_ms)
        figures |= {f"{name}_at_{loss:g}": value for name, value in found.items()}
    if losses:
        figures["delay_back_ms"] = round(max(stayed), 1)
    if path:
        figures |= change_path(server)
    for seconds in darks:
        figures |= {f"{name}_{seconds:g}": value for name, value in go_dark(server, seconds).items()}
    return figures


def main() -> None:
    parser = benchmark_parser(__doc__)
    for name, default, about in (
        ("--loss", [0, 2, 5, 10, 20], "per cent"),
        ("--dark", [3, 15], "seconds of blackouts"),
    ):
        parser.add_argument(name, type=float, nargs="*", default=default, help=f"{about} (default: {default})")
    parser.add_argument("--no-path", action="store_true", help="without the change of the path")
    parser.add_argument("--jitter", type=float, default=40, help="most of a random delay, in ms (default: 40)")
    parser.add_argument("--questions", type=int, default=len(QUESTIONS), help="of each conversation (default: all)")
    parser.add_argument("--url", help="address of a running server's page; default: one is started")
    about = "how to use the page of another WebRTC server: a file like benchmarks/calls/omnilive_page.js"
    parser.add_argument("--page", type=Path, default=OUR_PAGE, metavar="FILE", help=about)
    options = parser.parse_args()
    ours = None if options.url else ServerProcess(home())
    try:
        server = MeasuredPage(options.url or (ours.url if ours is not None else ""), options.page)
        figures = measure(server, options.loss, options.dark, options.jitter, options.questions, not options.no_path)
        report(figures, options.json)
    finally:
        if ours is not None:
            ours.close()


if __name__ == "__main__":
    main()
