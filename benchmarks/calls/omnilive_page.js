/* What chaos.py does with a page, for the page of omnilive. Another server's page needs a file like this one (--page):
   `turns` are those of the call, each with the words understood, the reply, whether it has ended, the name of its
   conversation, and the ms from the end of the question to the first sound of the reply. */

window.callPage = {
  ready: () => document.documentElement.dataset.ready === "true",
  start: () => document.querySelector("#start").click(),
  stop: () => document.querySelector("#start").click(),
  listening: () => document.querySelector("#state").dataset.state === "listening",
  idle: () => document.querySelector("#state").dataset.state === "idle",
  say(text) {
    const field = document.querySelector("#say-text");
    field.value = text;
    field.form.requestSubmit();
  },
  turns: () =>
    window.omnilive.turns.map(({ call, user, reply, latency }) => ({
      conversation: call,
      understood: user?.text ?? null,
      replied: reply?.text ?? null,
      ended: Boolean(reply?.ended),
      firstSoundMs: latency?.marks.first_sound_heard ?? null,
    })),
  lines: () => document.querySelectorAll("#captions [data-role]").length,
};
