// The rating page: shows a case, takes six scores by key or pointer, submits them and brings the next case in place.
import { Clock } from "./clock.js";
import { showConflict } from "./conflict.js";
import { Drafts, wipe } from "./drafts.js";
import { explain, isInDialog, isSlider, isTextField, make, readKey } from "./keys.js";
import { Saver } from "./saver.js";
import { Scoring } from "./scoring.js";
import { ask } from "./server.js";
import { Viewer } from "./viewer.js";

const at = (id) => document.getElementById(id);
const { root, user } = document.body.dataset;
const form = at("scoring"), uncertain = at("uncertain"), reason = at("reason");
const viewer = new Viewer(at("viewer")), scoring = new Scoring(form), clock = new Clock();
const drafts = new Drafts(user, form.dataset.drafts === "on");
const saver = new Saver(drafts, { say: saySave, conflict: (here, stored, choose) => showConflict(scoring, here, stored, (chosen) => { fill(chosen); choose(chosen); }) });
let kase = null, isBusy = true, waiting = [];

function content() {
  return {
    scores: scoring.values(), uncertain: uncertain.checked, reason: reason.value, note: "",
    seconds: clock.seconds, viewer: viewer.settings(),
  };
}

function fill(entered) {
  const { scores = {}, uncertain: isUncertain = false, reason: why = "", seconds = 0 } = entered ?? {};
  scoring.set(scores);
  uncertain.checked = isUncertain;
  reason.value = why;
  at("why").hidden = !isUncertain;
  clock.start(seconds);
}

async function show(next) {
  kase = next;
  at("work").hidden = !next;
  at("done").hidden = !!next;
  if (!next) {
    waiting = [];
    at("done").focus();
    return ready();
  }
  history.replaceState(null, "", `${root}/rate/${next.id}`);
  document.title = `Case ${next.place} · dermatrust workbench`;
  at("place").textContent = `Case ${next.place}`;
  at("progress").textContent = `${next.n_submitted} rated`;
  at("text").textContent = next.text;
  at("context").replaceChildren(...next.context.flatMap(([name, value]) => [make("dt", name), make("dd", value)]));
  at("context").hidden = !next.context.length;
  viewer.show(next.images.map((path) => `${root}${path}`));
  saySave(next.version ? "Saved" : "");
  fill(saver.take(next));
  ready();
}

// Keys that were typed while the case was on its way are meant for it.
function ready() {
  isBusy = false;
  document.documentElement.dataset.ready = kase ? kase.id : "done";
  while (waiting.length && !isBusy) press(waiting.shift());
}

function press(key) {
  const isWriting = document.activeElement === reason && !key.isSubmit;
  if (isWriting && key.key.length === 1) {
    reason.setRangeText(key.key, reason.selectionStart, reason.selectionEnd, "end");
    change();
  } else if (!isWriting) shortcut(key);
}

async function submit() {
  if (isBusy || !kase) return;
  if (scoring.firstMissing() !== null) return scoring.showMissing();
  if (uncertain.checked && !reason.value.trim()) {
    scoring.status.textContent = "Not submitted. Say in a few words why you are uncertain.";
    return reason.focus();
  }
  isBusy = true;
  delete document.documentElement.dataset.ready;
  form.setAttribute("aria-busy", "true");
  const sent = content();
  await saver.settle();
  const { status, body } = await ask("POST", `/rate/${kase.id}/submit`, { version: saver.version, ...sent });
  form.removeAttribute("aria-busy");
  if (status !== 200) return refused(status, body, sent);
  drafts.remove(kase.id);
  if (document.activeElement && document.activeElement !== document.body) document.activeElement.blur();
  await show(body.next);
}

// The keys that wait were meant for a case that does not come now.
function refused(status, body, sent) {
  waiting = [];
  isBusy = false;
  document.documentElement.dataset.ready = kase.id;
  if (status === 409) return saver.clash(sent, body.stored);
  scoring.status.textContent = `Not submitted. ${status === 401 ? "You are signed out." : body.problem}`;
  saver.isDirty = true;
  saver.changed(sent);
  if (status === 401) saver.failed(status, body);
}

function saySave(text, { isBad = false, isSignedOut = false } = {}) {
  at("save").textContent = text;
  at("save").classList.toggle("bad", isBad);
  at("again").hidden = !isSignedOut;
}

function change() { if (kase) saver.changed(content()); }

function flag() {
  uncertain.checked = !uncertain.checked;
  uncertain.dispatchEvent(new Event("change"));
}

function shortcut(key) {
  if (key.isSubmit) submit();
  else if (key.isUndo) scoring.undo();
  else if (key.digit !== undefined) scoring.rate(key.digit);
  else if (key.step) scoring.move(key.step);
  else if (key.isFlag) flag();
  else if (key.isHelp) explain(scoring);
}

document.addEventListener("keydown", (event) => {
  if (isInDialog(event)) return;
  const key = readKey(event, isBusy), isText = isTextField(event.target);
  if ((isText && !isBusy && !key?.isSubmit) || isSlider(event.target, event)) return;
  if (!key) {
    if (!isText && viewer.key(event)) event.preventDefault();
    return;
  }
  event.preventDefault();
  if (isBusy) waiting.push(key);
  else shortcut(key);
}, true);

scoring.changed = change;
at("viewer").addEventListener("change", change);
reason.addEventListener("input", change);
uncertain.addEventListener("change", () => {
  at("why").hidden = !uncertain.checked;
  if (uncertain.checked) reason.focus();
  else if (document.activeElement === reason) reason.blur();
  change();
});
form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
at("undo").addEventListener("click", () => scoring.undo());
at("explain").addEventListener("click", () => explain(scoring));
document.querySelector(".who form").addEventListener("submit", wipe);
addEventListener("beforeunload", (event) => { if (saver.isDirty && !drafts.isOn) event.preventDefault(); });

show(JSON.parse(at("case").textContent));
