/* Connects the call, the user's devices and the screen.

   Hooks for tests and benchmarks:
     #start         the one big button: text Start or Stop, aria-pressed
     #mute, #camera-toggle, #screen, #hands-free, #talk, #interrupt, #overlay-toggle, #camera-flip     buttons, aria-pressed
     #say           the form, with the input #say-text
     #captions      the list; items carry data-role (user, assistant), data-turn, data-final, and data-cut on replies,
                    where .heard, .waiting and s hold the text that was heard, is to come, was cut off;
                    .recalled holds the time of an event that the answer recalls (data-recalled)
     #state         data-state: idle, connecting, listening, hearing, thinking, speaking, reconnecting, busy, error, stopped
     #narrate       the switch of descriptions, aria-pressed;  #watches  one li[data-rule] with a button for each rule
     #overlay       one .seen[data-kind=object|text] for each detection;  #scene-description  the same in words
     #show          the button that asks for files, with the input #show-file; files can be dropped and pasted too. In #captions
                    each is a li[data-shown][data-state=sending|waiting|reading|ready|failed], data-kind, .name and .text;
                    li.drawn holds the canvas of a picture that the assistant drew
     #notice        messages as .notice[data-level][data-code]
     #speech        in the settings: #pick-language, #pick-voice, #hear-voice, #pick-translation;  #translating  #pick-page-language
     #record        the checkbox by which the user agrees to a recording, in #record-choice;  #recorded  shown while one is made
     #voice         the audio element that plays the assistant's voice
     #why-list      why the assistant waited, answered or stopped: items with data-turn and data-kind;  #turn-record
     #latency-stages, #latency-table, #context-bar, #context-recalls, #rtt, #playout       in #details, opened by #details-toggle
     window.omnilive  {pc, state, turns, remoteStream, statistics()}, always the current ones; call/turns.js describes
                    the turns, call/peer_connection.js the statistics */

import { Call } from "./call/call.js";
import { EarlyDuck } from "./call/early_duck.js";
import { Flush } from "./call/flush.js";
import { monitorConnection } from "./call/monitor.js";
import { handOver, linkToCall } from "./call/handing_over.js";
import { takeCallFromAddress } from "./call/resuming.js";
import { Showing } from "./call/showing.js";
import { takeTokenFromAddress } from "./call/token.js";
import { Turns } from "./call/turns.js";
import { DEVICE_CODES, showDevices } from "./devices/devices.js";
import { Level, wakeLevels } from "./devices/levels.js";
import { LocalMedia } from "./devices/local_media.js";
import { canShareScreen } from "./devices/media.js";
import { Pickers } from "./devices/pickers.js";
import { keepScreenOn } from "./devices/screenlock.js";
import { Voices } from "./devices/voices.js";
import { choose, settings } from "./settings.js";
import { inLanguage, strings, writeTexts } from "./strings/language.js";
import * as sentences from "./strings/sentences.js";
import { Adapters } from "./view/adapters.js";
import { announcer } from "./view/announce.js";
import { Captions } from "./view/captions.js";
import { holdToTalk, listenToKeys } from "./view/keys.js";
import { Notices } from "./view/notices.js";
import { Orb } from "./view/orb.js";
import { Overlay } from "./view/overlay.js";
import { offerPageLanguages } from "./view/page_language.js";
import { Panel } from "./view/panel.js";
import { showDelegation } from "./view/delegation.js";
import { showPrivacy } from "./view/privacy.js";
import { Shown, takeFiles } from "./view/shown.js";
import { Recording } from "./view/recording.js";
import { addTranslation, Translation } from "./view/translation.js";
import { TypedLine } from "./view/typing.js";
import { Watching } from "./view/watching.js";

const ASKING_MS = 1500; // a browser that takes longer is showing its permission dialog
const SHOWN_LOCALLY = new Set(["microphone_lost", "camera_lost"]); // devices.js shows these, with the substitute's name
/** @type {(id: string) => any} */
const by = (id) => document.getElementById(id);

const touch = matchMedia("(pointer: coarse)"); // phones, which have a front and a back camera
const voice = by("voice");
const flush = new Flush(voice);
const levels = { voice: new Level(), microphone: new Level() };
const earlyDuck = new EarlyDuck(
  () => (settings.handsFree && media.isOn("microphone") ? levels.microphone.decibels() : -Infinity),
  (ms) => flush.expectDuck(ms),
);
const orb = new Orb(by("orb"), { voice: () => levels.voice.level(), microphone: () => levels.microphone.level() });
const overlay = new Overlay(by("overlay"), by("preview"));
const captions = new Captions(by("captions"), document.querySelector("#conversation .scroll"), by("latest"));
const notices = new Notices(by("notice"));
const announce = announcer(by("announce"));
const panel = new Panel();
const recording = new Recording({ choice: by("record-choice"), box: by("record"), shown: by("recorded") });
const turns = new Turns();
const media = new LocalMedia((message) => call.send(message));
const call = new Call(
  () => media.tracks(),
  () => turns.said(),
  () => recording.agreed,
);
const pickers = new Pickers(
  { camera: by("pick-camera"), microphone: by("pick-microphone"), speaker: by("pick-speaker") },
  voice,
);
const watching = new Watching(by("watches"), by("narrate"), (message) => {
  if (!call.send(message)) notices.show({ level: "info", code: "talk", text: strings.call.noCall });
});
const showing = new Showing();
const shown = new Shown(by("captions"));
const voices = new Voices(
  { box: by("speech"), language: by("pick-language"), voice: by("pick-voice"), hear: by("hear-voice"), trouble: by("voice-trouble") },
  (message) => call.send(message),
);
const translation = new Translation(
  { select: by("pick-translation"), status: by("translating"), stop: by("translating-stop") },
  (message) => call.send(message),
  (code) => voices.nameOf(code),
);
const adapters = new Adapters({ box: by("adapter-choice"), select: by("pick-adapter") }, (message) => call.send(message));
const typedLine = new TypedLine(by("say"), by("say-text"), {
  send: (text) => call.phase === "live" && call.send({ type: "say", text }),
  wait: () => {
    announce(strings.call.waiting);
    if (!call.wanted) begin({ typing: true });
  },
  keep(text) {
    show([new File([text], strings.shown.pasted, { type: "text/plain" })]);
  },
});

let floor = "listening"; // who has the floor, as the server reports it

const isAnswering = () => ["thinking", "speaking"].includes(shownState());
const somethingWasSaid = () => turns.list.some(({ user, reply }) => user?.text.trim() || reply?.text);
const shownState = () => (call.phase === "live" ? floor : call.phase);

/* ---- the call ---- */

function begin({ typing = false } = {}) {
  wakeLevels();
  notices.clear("call", "over", ...DEVICE_CODES);
  call.start(async () => {
    const hint = setTimeout(() => notices.show({ level: "warning", code: "asking", text: strings.devices.asking }), ASKING_MS);
    await media.start({ typing });
    clearTimeout(hint);
    notices.clear("asking");
    pickers.refresh();
  });
}

/** @param {File[]} files */
function show(files) {
  showing.add(files);
  if (files.length && !call.wanted) begin({ typing: true });
}

function end() {
  typedLine.forget();
  call.stop();
  media.stop();
}

call.addEventListener("phase", ({ detail: phase }) => {
  floor = "listening";
  showState();
  if (phase === "live") greetServer();
  if (phase === "live") notices.clear("call", "over", "taking");
  if (phase === "error" || phase === "stopped") typedLine.restore();
  if (!call.wanted) breakOff();
  if (phase === "error" || phase === "stopped") media.stop();
  if (!call.wanted) quiet();
  recording.follow(call.wanted);
  keepScreenOn(call.wanted);
  announce(strings.announced[phase]);
});

/** A server's own choice stands until the user makes another one. */
function reportAcknowledgement() {
  if (call.phase === "live") call.send({ type: "acknowledge", on: settings.acknowledge });
}

function greetServer() {
  media.report();
  voices.report();
  if (!settings.acknowledge) reportAcknowledgement();
  typedLine.restore(); // messages that were missed have arrived, and confirmed what the server had received
  typedLine.go();
}

function breakOff() {
  for (const turn of turns.breakOff()) captions.show(turn);
}

function quiet() {
  voice.srcObject = null;
  levels.voice.follow(null);
  showScene({ camera: false });
  showDelegation(by("delegation"), { pending: false });
  watching.show({});
  translation.show();
  notices.clearFrom("server");
  notices.clear("socket");
  showing.end();
}

let beginning = "newCall"; // of the call that was answered last

call.addEventListener("answered", ({ detail: { resumed, restored } }) => {
  beginning = resumed ? "resumed" : restored ? "restored" : "newCall";
  if (resumed) return;
  watching.show({});
  breakOff();
  turns.beginCall();
});

call.addEventListener("connection", ({ detail: connection }) => {
  media.attach(connection);
  connection.addEventListener("voice", ({ detail: stream }) => {
    voice.srcObject = stream;
    levels.voice.follow(stream);
    voice.play().catch(() => offer("autoplay", "warning", strings.call.autoplay, [strings.playVoice, () => voice.play()]));
  });
});

call.addEventListener("trouble", ({ detail: trouble }) => {
  // While the call is wanted, the page retries without the user.
  const [level, retry] = call.wanted ? ["warning", () => call.retryNow()] : ["error", begin];
  offer("call", level, sentences.aboutCall(trouble), [strings.tryAgain, retry]);
});

call.addEventListener("socket", () => notices.show({ level: "info", code: "socket", text: strings.call.overSocket }));

call.addEventListener("over", ({ detail: reason }) => {
  offer("over", "warning", sentences.aboutEnd(reason), [strings.callAgain, begin]);
});

/* ---- messages of the server ---- */

const HANDLERS = {
  hello(message) {
    panel.showHello(message);
    showing.begin(message.shows);
    by("detail-choice").hidden = !message.sees;
    if (settings.detail) call.send({ type: "detail", always: true });
    recording.began(message);
    if (!message.resumed) adapters.show({}); // the server names them, if there are any
    monitorConnection(call.connection, (figures) => (flush.measured(figures), panel.showConnection(figures)));
    if (somethingWasSaid()) captions.divide(strings.call[beginning]);
  },
  state({ state }) {
    flush.follow(state);
    earlyDuck.follow(state);
    floor = state;
    showState();
  },
  scene: (message) => showScene(media.camera.track ? message : { camera: false }),
  context: (message) => panel.showContext(message),
  unit: (message) => panel.showUnit(message),
  why: (message) => panel.showFlight(message),
  turn_record: (message) => panel.showFlight(message),
  consent({ question }) {
    const answers = Object.entries(strings.consent).map(([word, text]) => ({ label: strings[word], run: () => call.send({ type: "say", text }) }));
    notices.show({ level: "warning", code: "consent", text: question, actions: answers });
  },
  stopped: ({ device }) => media.set(device, false),
  language: (message) => voices.follow(message),
  duck(message) {
    flush.duck(message);
    if (message.on) earlyDuck.confirm();
  },
  translation: (message) => voices.refresh().then(() => translation.show(message)),
  delegation: (message) => showDelegation(by("delegation"), message),
  watching: (message) => watching.show(message),
  shown: (message) => showing.take(message),
  drawn: ({ picture }) => shown.draw(picture),
  adapter: (message) => adapters.show(message),
  notice({ level, code, text, detail }) {
    if (SHOWN_LOCALLY.has(code)) return;
    if (code === "microphone_back") notices.clear("server_silent_microphone");
    notices.show({ level, code: `server_${code}`, text: sentences.aboutNotice({ code, text, detail }) });
  },
};

call.addEventListener("message", ({ detail: message }) => {
  HANDLERS[message.type]?.(message);
  typedLine.confirm(message);
  const turn = turns.take(message);
  if (!turn) return;
  if (message.type === "latency") panel.showLatency(turns.list);
  else captions.show(turn);
  if (message.type === "translated") addTranslation(captions.ofUser(turn), message);
  if (turn.reply?.recalled != null) panel.showRecalls(turns.list);
  by("nothing-yet").hidden = somethingWasSaid();
  if (message.type === "user_caption" && message.final) notices.clear("consent"); // answered, or no longer asked
  if (message.type === "user_caption" && message.final) announceCaption(strings.page.you + message.text);
  if (message.type === "reply_ended") {
    const source = sentences.aboutRecall(turn.reply);
    const said = message.cut ? `${message.heard} ${strings.interrupted}` : message.said;
    announceCaption(`${strings.page.assistant}${source && `${source}${strings.record.end} `}${said}`);
  }
});

function showScene(scene) {
  overlay.show(scene);
  by("scene-description").textContent = scene.description ?? "";
  by("scene-description").hidden = !scene.description; // without a picture it says why
}

/* ---- the screen ---- */

function showState() {
  const state = shownState();
  by("state").dataset.state = document.documentElement.dataset.state = state;
  by("state").textContent = strings.states[state] ?? state;
  orb.be(state);
  by("start").textContent = call.wanted ? strings.stop : strings.start;
  by("start").setAttribute("aria-pressed", String(call.wanted));
  by("welcome").hidden = call.wanted || somethingWasSaid();
}

function showDeviceButtons() {
  press("mute", !media.isOn("microphone"));
  press("camera-toggle", media.isOn("camera") && !media.sharing);
  press("screen", media.sharing);
  by("screen").hidden = !canShareScreen();
  press("hands-free", settings.handsFree);
  press("talk", media.held);
  by("talk").hidden = settings.handsFree;
  by("camera-flip").hidden = !touch.matches || pickers.count("camera") < 2 || !media.camera.track;
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

/* ---- the user's devices ---- */

media.addEventListener("change", showDeviceButtons);
pickers.addEventListener("devices", showDeviceButtons);
showDevices({
  media,
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

/* ---- files that the user shows ---- */

showing.addEventListener("shown", ({ detail }) => {
  shown.show(detail);
  by("nothing-yet").hidden = true;
});
takeFiles({ button: by("show"), input: by("show-file"), page: document.body }, show);

/* ---- the buttons ---- */

by("start").addEventListener("click", () => (call.wanted ? end() : begin()));
by("mute").addEventListener("click", () => media.set("microphone", !media.isOn("microphone")));
by("camera-toggle").addEventListener("click", () => media.set("camera", !media.isOn("camera")));
by("screen").addEventListener("click", async () => {
  const tell = (text) => notices.show({ level: "info", code: "screen", text });
  if (!call.wanted) return tell(strings.devices.screenFirst);
  await media.share(!media.sharing).catch(({ code }) => code !== "refused" && tell(strings.devices.screenFailed));
});
by("hands-free").addEventListener("click", () => media.setHandsFree(!settings.handsFree));
by("interrupt").addEventListener("click", () => call.send({ type: "interrupt" }));
by("camera-flip").addEventListener("click", () => {
  const facing = media.camera.facing === "environment" ? "user" : "environment";
  media.use("camera", { deviceId: "", facing });
});
by("overlay-toggle").addEventListener("click", () => (choose({ overlay: !settings.overlay }), showOverlayChoice()));
by("elsewhere").addEventListener("click", async () => {
  const link = linkToCall();
  const text = link ? ((await handOver(link)) ? strings.call.linkGiven : strings.call.openLink(link)) : strings.call.noCall;
  notices.show({ level: "info", code: "elsewhere", text });
});
by("help-open").addEventListener("click", () => by("help").showModal());
by("settings-open").addEventListener("click", () => (pickers.refresh(), voices.refresh(), by("settings").showModal()));
for (const name of ["overlay", "announce", "detail", "acknowledge", "shortcuts"]) {
  by(`set-${name}`).checked = settings[name];
  by(`set-${name}`).addEventListener("change", ({ target }) => (choose({ [name]: target.checked }), showOverlayChoice()));
}
by("set-acknowledge").addEventListener("change", reportAcknowledgement);
by("set-detail").addEventListener("change", () => call.send({ type: "detail", always: settings.detail }));

function talk(down) {
  const accepted = media.talk(down);
  const why = call.phase !== "live" ? strings.call.noCall : settings.handsFree ? strings.call.justSpeak : strings.call.muted;
  if (!accepted) notices.show({ level: "info", code: "talk", text: why });
  return accepted;
}

holdToTalk(by("talk"), talk);
listenToKeys(talk, {
  m: () => by("mute").click(),
  c: () => by("camera-toggle").click(),
  "?": () => by("help").showModal(),
  Escape: () => (panel.isOpen && !isAnswering() ? panel.open(false) : call.send({ type: "interrupt" })),
});

/** Takes the token, and the call of another page. True if there was a token. */
function takeFromAddress() {
  if (takeCallFromAddress()) notices.show({ level: "info", code: "taking", text: strings.call.taking });
  return takeTokenFromAddress();
}

addEventListener("hashchange", () => takeFromAddress() && !call.wanted && call.phase === "error" && begin());
addEventListener("pagehide", end);
setInterval(() => by("mute").style.setProperty("--level", media.isOn("microphone") ? levels.microphone.level().toFixed(2) : "0"), 100);

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
  statistics: async () => call.connection?.statistics(),
};

takeFromAddress();
writeTexts();
offerPageLanguages(by("pick-page-language"));
inLanguage(showState);
showDeviceButtons();
showOverlayChoice();
pickers.refresh();
showPrivacy(by("privacy"), by("memory")).then((health) => recording.offer(health));
document.documentElement.dataset.ready = "true"; // hides the message for old browsers
