/** Names that the page adds to the browser's own. */

interface Event {
  /** Of a CustomEvent; the page's own events carry their value here. */
  readonly detail?: any;
}

interface Window {
  omnilive: { pc: RTCPeerConnection | null; state: string; turns: any[]; remoteStream: MediaStream | null; statistics: () => Promise<any> };
  webkitAudioContext?: typeof AudioContext;
}

interface RTCRtpReceiver {
  playoutDelayHint?: number | null;
}

/** Of the audio thread, where ui/page/call/sound_worklet.js runs. */
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare const sampleRate: number;
declare const currentTime: number;
declare function registerProcessor(name: string, processor: typeof AudioWorkletProcessor): void;
