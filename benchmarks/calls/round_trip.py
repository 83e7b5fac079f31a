"""Measures the audio round trip from a browser's microphone to the server and back to the browser's loudspeaker.

Real Chromium sends clicks to the real server, whose session answers each click with a click. No model runs, so the
figure is the delay of the path: encoding, network, jitter buffer, pacing, and Chromium's buffers.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
from playwright.async_api import async_playwright

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.calls.chromium import chromium_path
from benchmarks.report import benchmark_parser, report
from dialogue.engines.settings import ScriptedSettings
from stream.models.setup import Setup
from stream.runtime.events import AudioReceived, Expressed, Perceived, SessionEnded
from ui.http.server import serve

FLAGS = ["--autoplay-policy=no-user-gesture-required", "--disable-dev-shm-usage"]

# Sends a click every 700 ms and records, on one audio clock, when each left and when it came back.
PAGE = """async ({clicks, pictures}) => {
  const context = new AudioContext({sampleRate: 48000, latencyHint: "interactive"});
  const source = `registerProcessor("click-detector", class extends AudioWorkletProcessor {
    last = 0;
    process([input]) {
      const loud = input[0]?.findIndex((x) => Math.abs(x) > 0.1) ?? -1;
      const at = currentTime + Math.max(loud, 0) / sampleRate;
      if (loud >= 0 && at - this.last > 0.3) { this.last = at; this.port.postMessage(at); }
      return true;
    }
  })`;
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
  const detectClicks = (node, times) => {
    const worklet = new AudioWorkletNode(context, "click-detector");
    worklet.port.onmessage = ({data}) => times.push(data);
    node.connect(worklet).connect(context.destination);
  };
  const out = context.createMediaStreamDestination(), sent = [], heard = [];
  const hum = new ConstantSourceNode(context, {offset: 1e-4}); // a node that plays nothing sends nothing
  hum.connect(out);
  hum.start();
  const pc = new RTCPeerConnection({iceServers: []});
  pc.addTransceiver(out.stream.getAudioTracks()[0], {direction: "sendrecv"});
  if (pictures) {
    const canvas = Object.assign(document.createElement("canvas"), {width: 640, height: 480});
    const pen = canvas.getContext("2d");
    setInterval(() => { pen.fillStyle = `hsl(${performance.now() / 20} 80% 50%)`; pen.fillRect(0, 0, 640, 480); }, 66);
    pc.addTransceiver(canvas.captureStream(15).getVideoTracks()[0], {direction: "sendonly"});
  }
  pc.createDataChannel("events");
  pc.ontrack = ({track, receiver}) => {
    if (track.kind !== "audio") return;
    receiver.jitterBufferTarget = 0;
    const stream = new MediaStream([track]);
    Object.assign(new Audio(), {srcObject: stream, muted: true}).play();
    detectClicks(context.createMediaStreamSource(stream), heard);
  };
  await pc.setLocalDescription(await pc.createOffer());
  await new Promise((done) => { setTimeout(done, 500); });
  const answer = await fetch("/call", {method: "POST", body: JSON.stringify(pc.localDescription)});
  await pc.setRemoteDescription(await answer.json());
  await new Promise((done) => { setTimeout(done, 3000); });
  for (let n = 0; n < clicks; n++) {
    const click = context.createBufferSource(), buffer = context.createBuffer(1, 480, 48000);
    buffer.getChannelData(0).forEach((_, i, a) => { a[i] = 0.9 * Math.sin(i / 4); });
    click.buffer = buffer;
    click.connect(out);
    const at = context.currentTime + 0.05 + Math.random() * 0.02;
    click.start(at);
    sent.push(at);
    await new Promise((done) => { setTimeout(done, 700); });
  }
  let buffer = null;
  for (const report of (await pc.getStats()).values())
    if (report.type === "inbound-rtp") buffer = 1000 * report.jitterBufferDelay / report.jitterBufferEmittedCount;
  pc.close();
  return {sent, heard, buffer, outputLatency: 1000 * context.outputLatency};
}"""


LOUD = 0.1
CLICK = (0.9 * np.sin(np.arange(480) / 4)).astype(np.float32)


class EchoSession:
    """Answers each click with a click in the next outgoing frame."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._zero = self._loop.time()
        self._closed = asyncio.Event()
        self._clicked = False
        self._heard_at = float("-inf")
        self.playback = self
        self.dropped: dict[str, int] = {}
        self.recorded = False

    def now(self) -> float:
        return self._loop.time() - self._zero

    def push(self, event: Perceived) -> None:
        if (
            isinstance(event, AudioReceived)
            and np.abs(event.chunk.samples).max() > LOUD
            and self.now() - self._heard_at > 0.3
        ):
            self._heard_at, self._clicked = self.now(), True

    def pull(self, n: int) -> np.ndarray:
        out = np.zeros(n, np.float32)
        if self._clicked:
            out[: len(CLICK)], self._clicked = CLICK, False
        return out

    async def events(self) -> AsyncIterator[Expressed]:
        await self._closed.wait()
        yield SessionEnded("closed")

    def close(self, reason: str) -> None:
        self._closed.set()

    async def run(self) -> None:
        await self._closed.wait()


class NoParts:
    capacity = None
    busy_s = 0.0

    def close(self) -> None:
        return


async def measure(clicks: int, pictures: bool) -> dict[str, float]:
    chromium = chromium_path()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def opened() -> NoParts:
        return NoParts()

    with tempfile.TemporaryDirectory() as folder:
        setup = Setup("echo", ScriptedSettings(), "echoes clicks")
        server = asyncio.create_task(
            serve(
                setup, opened, "127.0.0.1", 0, cache_dir=Path(folder), on_ready=ready.set_result,
                open_session=lambda name, parts, setup, start: EchoSession(),
            )
        )  # fmt: skip
        url = await ready
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = await (await browser.new_context(bypass_csp=True)).new_page()
            await page.goto(url)
            result = await page.evaluate(PAGE, {"clicks": clicks, "pictures": pictures})
            await browser.close()
        server.cancel()
        await asyncio.wait({server})
    trips = [
        1000 * (min(back) - sent)
        for sent in result["sent"]
        if (back := [at for at in result["heard"] if 0 < at - sent < 0.6])
    ]
    if not trips:
        sys.exit("No click came back.")
    return {
        "round_trip_ms_median": round(statistics.median(trips), 1),
        "round_trip_ms_least": round(min(trips), 1),
        "round_trip_ms_most": round(max(trips), 1),
        "clicks": clicks,
        "lost": clicks - len(trips),
        "chromium_buffer_ms": round(result["buffer"] or 0.0, 1),
    }


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--clicks", type=int, default=30, help="number of clicks (default: 30)")
    parser.add_argument("--pictures", action="store_true", help="send 640x480 pictures 15 times per second as well")
    options = parser.parse_args()
    report(asyncio.run(measure(options.clicks, options.pictures)), options.json)


if __name__ == "__main__":
    main()
