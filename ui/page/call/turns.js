/* Builds the turns of the conversation from the server's messages. Pure: draws nothing and reads no clock. */

/**
 * A turn: {call, turn, user: {text, final, typed} | null, reply | null, latency | null}. A reply: {text, characters,
 * ended, cut, recalled, cited}: `recalled` is the time in seconds of the call of an event that the answer recalls,
 * `cited` the {source, text} of a document from which it comes; else null.
 * `characters` counts code points, as the server does; JavaScript strings count UTF-16 units.
 */
export class Turns {
  /** @type {any[]} */
  list = [];
  #call = 0;

  /** Begins a new call: the server numbers the turns of every connection from the beginning. */
  beginCall() {
    this.#call += 1;
  }

  /** @returns the turn that changed, or null for a message that is not about one */
  take(message) {
    switch (message.type) {
      case "user_caption":
        return this.#change(message.turn, (turn) => {
          turn.user = { text: message.text, final: message.final, typed: message.typed === true };
        });
      case "reply_text":
        return this.#change(message.turn, (turn) => {
          turn.reply = { ...(turn.reply ?? EMPTY_REPLY) };
          turn.reply.text += message.text;
        });
      case "reply_recalled":
        return this.#change(message.turn, (turn) => {
          turn.reply = { ...(turn.reply ?? EMPTY_REPLY), recalled: message.at };
        });
      case "reply_cited":
        return this.#change(message.turn, (turn) => {
          const { source, text } = message;
          turn.reply = { ...(turn.reply ?? EMPTY_REPLY), cited: { source, text } };
        });
      case "reply_heard":
        return this.#change(message.turn, (turn) => {
          turn.reply = { ...(turn.reply ?? EMPTY_REPLY), characters: message.characters };
        });
      case "reply_ended":
        return this.#change(message.turn, (turn) => {
          const characters = [...(message.cut ? message.heard : message.said)].length;
          const { recalled, cited } = turn.reply ?? EMPTY_REPLY;
          turn.reply = { text: message.said, characters, ended: true, cut: message.cut, recalled, cited };
        });
      case "why": // a reply that was taken back begins again
        return message.kind === "taken_back" ? this.#change(message.turn, (turn) => (turn.reply = null)) : null;
      case "translated": // a sentence of the user's words
        return this.#change(message.turn, () => {});
      case "latency":
        return this.#change(message.turn, (turn) => {
          turn.latency = { marks: message.marks, budget: message.budget, over: message.over ?? [] };
        });
      default:
        return null;
    }
  }

  /** What was said so far, the last turns of both sides: for a server that has lost the call. */
  said() {
    const lines = this.list.flatMap(({ user, reply }) => {
      const heard = reply ? partsOf(reply).heard : "";
      return [
        ...(user?.text.trim() ? [{ role: "user", text: user.text }] : []),
        ...(heard.trim() ? [{ role: "assistant", text: heard }] : []),
      ];
    });
    return lines.slice(-MOST_SAID);
  }

  /** Ends the open turns when the connection is lost. Returns the turns that changed. */
  breakOff() {
    const open = this.list.filter(({ user, reply }) => (reply && !reply.ended) || (user && !user.final));
    for (const turn of open) {
      if (turn.user) turn.user.final = true;
      if (turn.reply && !turn.reply.ended) Object.assign(turn.reply, { ended: true, cut: true });
    }
    return open;
  }

  #change(number, change) {
    let turn = this.list.findLast((one) => one.call === this.#call && one.turn === number);
    if (!turn) {
      turn = { call: this.#call, turn: number, user: null, reply: null, latency: null };
      const later = this.list.findIndex((one) => one.call === this.#call && one.turn > number);
      this.list.splice(later < 0 ? this.list.length : later, 0, turn); // a late caption goes before later turns
    }
    change(turn);
    return turn;
  }
}

const MOST_SAID = 100;
const EMPTY_REPLY = { text: "", characters: 0, ended: false, cut: false, recalled: null, cited: null };

/** The parts of a reply: the text that was heard, is still to come, was cut off. */
export function partsOf(reply) {
  const letters = [...reply.text];
  const heard = letters.slice(0, reply.characters).join("");
  const rest = letters.slice(reply.characters).join("");
  return reply.ended ? { heard, waiting: "", cut: rest } : { heard, waiting: rest, cut: "" };
}
