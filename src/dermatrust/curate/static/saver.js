// Sends a case's draft, one save at a time; "Saved" is said only once the server has it.
import { ask } from "./server.js";

const WAIT_MS = 350, RETRY_MS = 4000;

export class Saver {
  constructor(drafts, { say, conflict }) {
    this.drafts = drafts;
    this.say = say;
    this.conflict = conflict;
    this.case = null;
    addEventListener("online", () => this.isDirty && this.now());
    addEventListener("beforeunload", () => { this.isLeaving = true; });
  }

  // Takes up a case; returns the content to begin with: the server's, or what this browser kept and could not send.
  take(kase) {
    clearTimeout(this.timer);
    this.case = kase;
    this.version = kase.version;
    this.isDirty = false;
    this.running = null;
    const kept = this.drafts.read(kase.id);
    if (!kept || same(kept.content, kase.content)) {
      this.drafts.remove(kase.id);
      return kase.content;
    }
    if (kept.version === kase.version) {
      this.isDirty = true;
      queueMicrotask(() => this.now(kept.content));
      return kept.content;
    }
    queueMicrotask(() => this.clash(kept.content, { version: kase.version, content: kase.content }));
    return kept.content;
  }

  changed(content) {
    this.content = content;
    this.isLeaving = false;
    this.isDirty = true;
    const isKept = this.drafts.keep(this.case.id, { version: this.version, content });
    this.say(isKept ? "Kept in this browser, saving …" : "Saving …");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), WAIT_MS);
  }

  async now(content = this.content) {
    clearTimeout(this.timer);
    this.content = content;
    if (this.running || !this.isDirty || this.isHeld) return this.running;
    this.running = this.send(this.case, content).finally(() => { this.running = null; if (this.isDirty && !this.isWaiting) this.now(); });
    return this.running;
  }

  async send(kase, content) {
    this.isWaiting = false;
    const { status, body } = await ask("PUT", `/rate/${kase.id}/draft`, { version: this.version, ...content });
    if (kase !== this.case || this.isHeld) return;
    if (status === 200) return this.saved(body.version, content);
    this.isWaiting = true; // something stands in the way: the next change or the timer tries again
    if (status === 409) return this.clash(content, body.stored);
    this.failed(status, body);
    if (status === 0 || status === 429 || status >= 500) this.timer = setTimeout(() => this.now(), RETRY_MS);
  }

  saved(version, content) {
    this.version = version;
    if (!same(content, this.content)) {
      this.drafts.keep(this.case.id, { version, content: this.content });
      return;
    }
    this.isDirty = false;
    if (!this.isLeaving) this.drafts.remove(this.case.id); // the next page may have been sent before this save was in
    this.say("Saved");
  }

  // Nothing was lost, and nothing is saved either: say both.
  failed(status, body) {
    const kept = this.drafts.read(this.case.id) ? " Kept in this browser." : " Keep this page open.";
    if (status === 401) this.say(`Not saved: you are signed out.${kept}`, { isBad: true, isSignedOut: true });
    else this.say(`Not saved. ${body.problem}${kept}`, { isBad: true });
  }

  clash(here, stored) {
    if (stored && same(here, stored.content)) return this.saved(stored.version, here); // an answer had got lost
    this.isHeld = true;
    this.say("Not saved: this case was changed in another window.", { isBad: true });
    this.conflict(here, stored ?? { version: 0, content: null }, (chosen) => {
      this.isHeld = false;
      this.version = stored?.version ?? 0;
      this.content = chosen;
      this.isDirty = true;
      this.now(chosen);
    });
  }

  // Everything that was being saved is out of the way; what comes next carries the version.
  async settle() {
    clearTimeout(this.timer);
    this.isWaiting = true;
    await this.running;
  }
}

// Seconds run on by themselves and are no difference.
export function same(one, two) {
  const plain = (content) => content && JSON.stringify([Object.entries(content.scores ?? {}).sort(), !!content.uncertain, content.reason ?? "", content.note ?? ""]);
  return (plain(one) ?? plain({})) === (plain(two) ?? plain({}));
}
