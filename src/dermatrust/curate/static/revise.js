// The page of a text: saves the revision while it is written, and shows what it changes of the draft.
import { setUp } from "./desk.js";
import { make } from "./keys.js";
import { ask } from "./server.js";

const WAIT_MS = 600;
const form = document.getElementById("revise"), save = document.getElementById("save");
let timer, running = Promise.resolve(), version = Number(form?.dataset.version ?? 0), isSent = true;

setUp(document.getElementById("certify"));
form?.text.addEventListener("input", () => {
  isSent = false;
  save.textContent = "Saving …";
  clearTimeout(timer);
  timer = setTimeout(() => { running = running.then(keep); }, WAIT_MS);
});
form?.addEventListener("submit", () => { isSent = true; clearTimeout(timer); });
addEventListener("beforeunload", (event) => { if (!isSent) event.preventDefault(); });
document.documentElement.dataset.ready = "yes";

async function keep() {
  const text = form.text.value;
  const { status, body } = await ask("PUT", `/items/${form.dataset.item}/draft`, { text, version });
  save.classList.toggle("bad", status !== 200);
  if (status === 200) {
    version = body.version;
    isSent = form.text.value === text;
    save.textContent = isSent ? "Draft saved" : "Saving …";
    return compare(text);
  }
  const why = { 401: "You are signed out.", 409: "This text was changed in another window; load the page again." }[status];
  save.textContent = `Not saved. ${why ?? body.problem} Keep this page open.`;
  if (status === 0) timer = setTimeout(() => { running = running.then(keep); }, 4000);
}

async function compare(text) {
  const { status, body } = await ask("POST", `/items/${form.dataset.item}/compare`, { text });
  if (status !== 200 || form.text.value !== text) return;
  const shown = document.createElement("p");
  shown.className = "narrative";
  shown.append(...body.pieces.map(([kind, piece]) => (kind === "same" ? piece : marked(kind, piece))));
  document.getElementById("now").textContent = "Changes since the draft";
  document.getElementById("diff").replaceChildren(shown);
}

function marked(kind, piece) {
  const element = document.createElement(kind === "removed" ? "del" : "ins");
  const label = make("span", `[${kind}:`), end = make("span", "]");
  label.className = end.className = "only-read";
  element.append(label, piece, end);
  return element;
}
