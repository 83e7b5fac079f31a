// Holds a conversation with a server by voice, with the stock client: over WebRTC, or over a WebSocket.
const { OpenAIRealtimeWebRTC, OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession } = globalThis.OpenAIAgentsRealtime;
const { server, secret, over } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const RATE_HZ = 24_000;
const state = { errors: [], words: [], loudest: 0, sound: 0 };
globalThis.state = state;

const audioElement = document.createElement("audio");
const transport =
  over === "webrtc"
    ? new OpenAIRealtimeWebRTC({ baseUrl: `${server}v1/realtime/calls`, audioElement })
    : new OpenAIRealtimeWebSocket({ url: `${server.replace("http", "ws")}v1/realtime?model=any` });
const session = new RealtimeSession(new RealtimeAgent({ name: "Assistant", instructions: "Answer briefly." }), {
  transport,
  tracingDisabled: true,
});
session.on("error", (error) => state.errors.push(JSON.stringify(error)));
session.on("history_updated", (history) => {
  state.words = history.flatMap((item) => (item.content ?? []).map((part) => [item.role, part.transcript ?? ""]));
});
session.on("audio", (event) => heard(new Int16Array(event.data), 32768));

await session.connect({ apiKey: secret });
if (over === "webrtc") await listen();
else await speak();
state.ready = true;

/** Sends the microphone, which a page does itself over a WebSocket. */
async function speak() {
  const context = new AudioContext({ sampleRate: RATE_HZ });
  const microphone = context.createMediaStreamSource(await navigator.mediaDevices.getUserMedia({ audio: true }));
  const pieces = context.createScriptProcessor(2048, 1, 1);
  pieces.onaudioprocess = ({ inputBuffer }) => {
    const pcm = inputBuffer.getChannelData(0).map((sample) => Math.max(-1, Math.min(1, sample)));
    session.sendAudio(Int16Array.from(pcm, (sample) => sample * 32767).buffer);
  };
  microphone.connect(pieces).connect(context.destination);
}

/** Hears what the browser plays. */
async function listen() {
  while (!audioElement.srcObject) await new Promise((done) => setTimeout(done, 50));
  const context = new AudioContext({ sampleRate: RATE_HZ });
  const pieces = context.createScriptProcessor(2048, 1, 1);
  pieces.onaudioprocess = ({ inputBuffer }) => heard(inputBuffer.getChannelData(0), 1);
  context.createMediaStreamSource(audioElement.srcObject).connect(pieces).connect(context.destination);
}

function heard(samples, full) {
  for (const sample of samples) state.loudest = Math.max(state.loudest, Math.abs(sample) / full);
  state.sound += samples.length / RATE_HZ;
}
