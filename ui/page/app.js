/* The page: ties the call, the person's devices and the screen together.

   Hooks that tests and benchmarks may lean on:
     #start         the one big button: text Start or Stop, aria-pressed
     #mute, #camera-toggle, #hands-free, #talk, #interrupt, #overlay-toggle, #camera-flip     buttons, aria-pressed
     #say           the form, with the input #say-text
     #captions      the list; items carry data-role (user, assistant), data-turn, data-final, and data-cut on replies,
                    in which .heard, .waiting and s hold what was heard, is still to come, was cut off;
                    .recalled tells when that was, of an answer that was looked up (data-recalled)
     #state         data-state: idle, connecting, listening, hearing, thinking, speaking, reconnecting, busy, error, stopped
     #overlay       one .seen[data-kind=object|text] for each thing seen;  #scene-description  the same in words
     #notice        messages as .notice[data-level][data-code]
     #voice         the audio element that plays the assistant's voice
     #latency-stages, #latency-table, #context-bar, #context-recalls, #rtt, #playout       in #details, opened by #details-toggle
     window.omnilive  {pc, state, turns, remoteStream}, always the present ones; turns as turns.js describes them */

import { announcer } from "./announce.js";
import { Call } from "./call.js";
import { Captions } from "./captions.js";
import { DEVICE_CODES, showDevices } from "./devices.js";
import { holdToTalk, listenToKeys } from "./keys.js";
import { Level, wakeLevels } from "./levels.js";
import { Notices } from "./notices.js";
import { Orb } from "./orb.js";
import { Overlay } from "./overlay.js";
import { Panel } from "./panel.js";
import { Pickers } from "./pickers.js";
import { tellPrivacy } from "./privacy.js";
import { takePulse } from "./pulse.js";
import { keepScreenOn } from "./screenlock.js";
import { Senses } from "./senses.js";
import { choose, settings } from "./settings.js";
import { takeTokenFromAddress } from "./token.js";
import { Turns } from "./turns.js";
import { TypedLine } from "./typing.js";
import * as words from "./words.js";

const ASKING_MS = 1500; // a browser that takes longer is waiting for the person
const SAID_BY_US = new Set(["microphone_lost", "camera_lost"]); // with the name of the substitute
const by = (id) => document.getElementById(id);

const touch = matchMedia("(pointer: coarse)"); // phones, whose two cameras look to and fro
const voice = by("voice");
const levels = { voice: new Level(), microphone: new Level() };
const orb = new Orb(by("orb"), { voice: () => levels.voice.level(), microphone: () => levels.microphone.level() });
const overlay = new Overlay(by("overlay"), by("preview"));
const captions = new Captions(by("captions"), document.querySelector("#conversation .scroll"), by("latest"));
const notices = new Notices(by("notice"));
const announce = announcer(by("announce"));
const panel = new Panel();
const turns = new Turns();
const senses = new Senses((message) => call.send(message));
const call = new Call(() => senses.tracks());
const pickers = new Pickers(
  { camera: by("pick-camera"), microphone: by("pick-microphone"), speaker: by("pick-speaker") },
  voice,
);
const typedLine = new TypedLine(by("say"), by("say-text"), {
  send: (text) => call.phase === "live" && call.send({ type: "say", text }),
  wait: () => {
    announce(words.WAITING);
    if (!call.wanted) begin({ typing: true });
  },
  refuse: (longest) => notices.show({ level: "warning", code: "say", text: words.tooLong(longest) }),
});

let floor = "listening"; // the server's word on who speaks

const isAnswering = () => ["thinking", "speaking"].includes(shownState());
const somethingWasSaid = () => turns.list.some(({ user, reply }) => user?.text.trim() || reply?.text);
const shownState = () => (call.phase === "live" ? floor : call.phase);

/* ---- the call ---- */

function begin({ typing = false } = {}) {
  wakeLevels();
  notices.clear("call", "over", ...DEVICE_CODES);
  call.start(async () => {
    const hint = setTimeout(() => notices.show({ level: "warning", code: "asking", text: words.ASKING }), ASKING_MS);
    await senses.start({ typing });
    clearTimeout(hint);
    notices.clear("asking");
    pickers.refresh();
  });
}

function end() {
  typedLine.forget();
  call.stop();
  senses.stop();
}

call.addEventListener("phase", ({ detail: phase }) => {
  floor = "listening";
  showState();
  if (phase === "live") greetServer();
  if (phase === "live") notices.clear("call", "over");
  if (phase !== "live") for (const turn of turns.breakOff()) captions.show(turn);
  if (phase === "error" || phase === "stopped") senses.stop();
  if (!call.wanted) quiet();
  keepScreenOn(call.wanted);
  announce(words.ANNOUNCED[phase]);
});

function greetServer() {
  senses.report();
  typedLine.go();
}

function quiet() {
  voice.srcObject = null;
  levels.voice.follow(null);
  showScene({ camera: false });
  notices.clearFrom("server");
}

call.addEventListener("connection", ({ detail: connection }) => {
  turns.beginCall();
  typedLine.again();
  senses.attach(connection);
  connection.addEventListener("voice", ({ detail: stream }) => {
    voice.srcObject = stream;
    levels.voice.follow(stream);
    voice.play().catch(() => offer("autoplay", "warning", words.AUTOPLAY, ["Play the voice", () => voice.play()]));
  });
});

call.addEventListener("trouble", ({ detail: trouble }) => {
  // While the call is still wanted the page tries again by itself.
  const [level, retry] = call.wanted ? ["warning", () => call.retryNow()] : ["error", begin];
  offer("call", level, words.aboutCall(trouble), ["Try again", retry]);
});

call.addEventListener("over", ({ detail: reason }) => {
  offer("over", "warning", words.aboutEnd(reason), ["Call again", begin]);
});

/* ---- what the server says ---- */

const HEARERS = {
  hello(message) {
    panel.showHello(message);
    takePulse(call.connection, (figures) => panel.showPulse(figures));
    if (somethingWasSaid()) captions.divide(call.phase === "reconnecting" ? words.RECONNECTED : words.NEW_CALL);
  },
  state({ state }) {
    floor = state;
    showState();
  },
  scene: (message) => showScene(senses.camera.track ? message : { camera: false }),
  context: (message) => panel.showContext(message),
  unit: (message) => panel.showUnit(message),
  notice({ level, code, text }) {
    if (SAID_BY_US.has(code)) return;
    if (code === "microphone_back") notices.clear("server_silent_microphone");
    notices.show({ level, code: `server_${code}`, text });
  },
};

call.addEventListener("message", ({ detail: message }) => {
  HEARERS[message.type]?.(message);
  typedLine.hear(message);
  const turn = turns.take(message);
  if (!turn) return;
  if (message.type === "latency") panel.showLatency(turns.list);
  else captions.show(turn);
  if (turn.reply?.recalled != null) panel.showRecalls(turns.list);
  by("nothing-yet").hidden = somethingWasSaid();
  if (message.type === "user_caption" && message.final) announceCaption(`You: ${message.text}`);
  if (message.type === "reply_ended") {
    const whence = words.aboutRecall(turn.reply);
    const said = message.cut ? `${message.heard} (interrupted)` : message.said;
    announceCaption(`Assistant: ${whence && `${whence}. `}${said}`);
  }
});

function showScene(scene) {
  overlay.show(scene);
  by("scene-description").textContent = scene.description ?? "";
  by("scene-description").hidden = scene.camera === false || !scene.description;
}

/* ---- the screen ---- */

function showState() {
  const state = shownState();
  by("state").dataset.state = document.documentElement.dataset.state = state;
  by("state").textContent = words.STATES[state] ?? state;
  orb.be(state);
  by("start").textContent = call.wanted ? "Stop" : "Start";
  by("start").setAttribute("aria-pressed", String(call.wanted));
  by("welcome").hidden = call.wanted || somethingWasSaid();
}

function showSenses() {
  press("mute", !senses.isOn("microphone"));
  press("camera-toggle", senses.isOn("camera"));
  press("hands-free", settings.handsFree);
  press("talk", senses.held);
  by("talk").hidden = settings.handsFree;
  by("camera-flip").hidden = !touch.matches || pickers.count("camera") < 2 || !senses.camera.track;
}

function showOverlayChoice() {
  press("overlay-toggle", settings.overlay);
  by("overlay").hidden = !settings.overlay;
  by("set-overlay").checked = settings.overlay;
}

const press = (id, pressed) => by(id).setAttribute("aria-pressed", String(pressed));

function offer(code, level, text, [label, run]) {
  notices.show({ level, code, text, actions: [{ label, run: () => run() }] });
}

const announceCaption = (text) => settings.announce && announce(text);

/* ---- the person's devices ---- */

senses.addEventListener("change", showSenses);
pickers.addEventListener("devices", showSenses);
showDevices({
  senses,
  pickers,
  notices,
  isCalling: () => call.wanted,
  onTrack(kind, track) {
    const stream = track && new MediaStream([track]);
    if (kind === "microphone") return levels.microphone.follow(stream);
    by("preview").srcObject = stream;
    by("stage").dataset.view = track ? "camera" : "orb";
    if (!track) showScene({ camera: false });
  },
});

/* ---- the buttons ---- */

by("start").addEventListener("click", () => (call.wanted ? end() : begin()));
by("mute").addEventListener("click", () => senses.set("microphone", !senses.isOn("microphone")));
by("camera-toggle").addEventListener("click", () => senses.set("camera", !senses.isOn("camera")));
by("hands-free").addEventListener("click", () => senses.setHandsFree(!settings.handsFree));
by("interrupt").addEventListener("click", () => call.send({ type: "interrupt" }));
by("camera-flip").addEventListener("click", () => {
  const facing = senses.camera.facing === "environment" ? "user" : "environment";
  senses.use("camera", { deviceId: "", facing });
});
by("overlay-toggle").addEventListener("click", () => (choose({ overlay: !settings.overlay }), showOverlayChoice()));
by("help-open").addEventListener("click", () => by("help").showModal());
by("settings-open").addEventListener("click", () => (pickers.refresh(), by("settings").showModal()));
for (const name of ["overlay", "announce", "shortcuts"]) {
  by(`set-${name}`).checked = settings[name];
  by(`set-${name}`).addEventListener("change", ({ target }) => (choose({ [name]: target.checked }), showOverlayChoice()));
}

function talk(down) {
  const means = senses.talk(down);
  const why = call.phase !== "live" ? words.NO_CALL : settings.handsFree ? words.JUST_SPEAK : words.MUTED;
  if (!means) notices.show({ level: "info", code: "talk", text: why });
  return means;
}

holdToTalk(by("talk"), talk);
listenToKeys(talk, {
  m: () => by("mute").click(),
  c: () => by("camera-toggle").click(),
  "?": () => by("help").showModal(),
  Escape: () => (panel.isOpen && !isAnswering() ? panel.open(false) : call.send({ type: "interrupt" })),
});

addEventListener("hashchange", () => takeTokenFromAddress() && !call.wanted && call.phase === "error" && begin());
addEventListener("pagehide", end);
setInterval(() => by("mute").style.setProperty("--level", senses.isOn("microphone") ? levels.microphone.level().toFixed(2) : "0"), 100);

window.omnilive = {
  get pc() {
    return call.connection?.pc ?? null;
  },
  get state() {
    return shownState();
  },
  get turns() {
    return turns.list;
  },
  get remoteStream() {
    return voice.srcObject;
  },
};

takeTokenFromAddress();
showState();
showSenses();
showOverlayChoice();
pickers.refresh();
tellPrivacy(by("privacy"));
document.documentElement.dataset.ready = "true"; // takes back the word to old browsers
