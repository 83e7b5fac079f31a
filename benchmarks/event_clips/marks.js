/* Notes, on the clock of both_ends.js, when the mark in the lower right corner of the camera's picture changes: at each
   change of the clip it turns from black to white or back. */

(() => {
  window.clipChanges = [];
  const canvas = new OffscreenCanvas(4, 4);
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  let white = null;
  const look = (video) => {
    const [width, height] = [video.videoWidth, video.videoHeight];
    pen.drawImage(video, width - 14, height - 14, 10, 10, 0, 0, 4, 4);
    const now = pen.getImageData(1, 1, 1, 1).data[0] > 128;
    if (white !== null && now !== white) window.clipChanges.push(window.bothEndsNow());
    white = now;
    video.requestVideoFrameCallback(() => look(video));
  };
  addEventListener("DOMContentLoaded", () => {
    const video = document.getElementById("preview");
    video.requestVideoFrameCallback(() => look(video));
  });
})();
