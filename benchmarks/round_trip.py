"""How long sound takes from a browser's microphone to our ear and back to the browser's loudspeaker.

Real Chromium sends clicks over the real server; a session that only knows clicks answers each with one. No model
runs, so this is what the path itself costs: encoding, network, our jitter handling and pacing, Chromium's buffers.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
from playwright.async_api import async_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.report import add_json, report
from stream.models.setup import Setup
from stream.runtime.events import AudioReceived, Expressed, Perceived, SessionEnded
from ui.http.server import serve

FLAGS = ["--autoplay-policy=no-user-gesture-required", "--disable-dev-shm-usage"]

# Sends a click every 700 ms and notes, on one audio clock, when it left and when it came back.
PAGE = """async ({clicks, pictures}) => {
  const context = new AudioContext({sampleRate: 48000, latencyHint: "interactive"});
  const source = `registerProcessor("ear", class extends AudioWorkletProcessor {
    last = 0;
    process([input]) {
      const loud = input[0]?.findIndex((x) => Math.abs(x) > 0.1) ?? -1;
      const at = currentTime + Math.max(loud, 0) / sampleRate;
      if (loud >= 0 && at - this.last > 0.3) { this.last = at; this.port.postMessage(at); }
      return true;
    }
  })`;
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
  const ear = (node, times) => {
    const worklet = new AudioWorkletNode(context, "ear");
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
    ear(context.createMediaStreamSource(stream), heard);
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
    """Answers each click that it hears with a click in the next frame that goes out."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._zero = self._loop.time()
        self._closed = asyncio.Event()
        self._clicked = False
        self._heard_at = float("-inf")
        self.playback = self
        self.dropped: dict[str, int] = {}

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


class Nothing:
    def close(self) -> None:
        return


async def measure(clicks: int, pictures: bool) -> dict[str, float]:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is not installed, and this measures with it: apt-get install chromium")
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def opened() -> Nothing:
        return Nothing()

    with tempfile.TemporaryDirectory() as folder:
        setup = Setup("echo", "none", "echoes")
        server = asyncio.create_task(
            serve(
                setup, opened, "127.0.0.1", 0, cache_dir=Path(folder), on_ready=ready.set_result,
                open_session=lambda name, parts: EchoSession(),
            )
        )  # fmt: skip
        url = await ready
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            page = await (await browser.new_context(bypass_csp=True)).new_page()
            await page.goto(url)
            told = await page.evaluate(PAGE, {"clicks": clicks, "pictures": pictures})
            await browser.close()
        server.cancel()
        await asyncio.wait({server})
    trips = [
        1000 * (min(back) - sent)
        for sent in told["sent"]
        if (back := [at for at in told["heard"] if 0 < at - sent < 0.6])
    ]
    if not trips:
        sys.exit("no click came back")
    return {
        "round_trip_ms_median": round(statistics.median(trips), 1),
        "round_trip_ms_least": round(min(trips), 1),
        "round_trip_ms_most": round(max(trips), 1),
        "clicks": clicks,
        "lost": clicks - len(trips),
        "chromium_buffer_ms": round(told["buffer"] or 0.0, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clicks", type=int, default=30)
    parser.add_argument("--pictures", action="store_true", help="send 640x480 pictures 15 times a second as well")
    add_json(parser)
    options = parser.parse_args()
    figures = asyncio.run(measure(options.clicks, options.pictures))
    report(figures, options.json)


if __name__ == "__main__":
    main()
