/** Names that the page adds to the browser's own. */

interface Event {
  /** Of a CustomEvent; the page's own events carry their value here. */
  readonly detail?: any;
}

interface Window {
  omnilive: { pc: RTCPeerConnection | null; state: string; turns: any[]; remoteStream: MediaStream | null };
  webkitAudioContext?: typeof AudioContext;
}

interface RTCRtpReceiver {
  playoutDelayHint?: number | null;
}
