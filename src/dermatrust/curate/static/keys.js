// What keys mean on pages with six scores. The same everywhere.
const at = (id) => document.getElementById(id);
const DIGIT = /^(?:Digit|Numpad)([0-5])$/;
const MOVES = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

// Returns what a key asks for, or null. With `isBusy` plain letters are kept too: they may be text for the next case.
export function readKey(event, isBusy = false) {
  const hasCtrl = event.ctrlKey || event.metaKey;
  if (hasCtrl && event.key === "Enter") return { isSubmit: true, key: "Enter" };
  if (hasCtrl && event.key.toLowerCase() === "z" && !event.shiftKey) return { isUndo: true, key: "" };
  if (hasCtrl || event.altKey) return null;
  const digit = event.shiftKey ? null : DIGIT.exec(event.code)?.[1] ?? null;
  if (digit !== null) return { digit: Number(digit), key: digit };
  if (/^[0-5]$/.test(event.key)) return { digit: Number(event.key), key: event.key };
  if (event.code === "Backquote" || event.key === "`") return { digit: 0, key: "`" };
  if (!event.shiftKey && MOVES[event.key]) return { step: MOVES[event.key], key: event.key };
  if (event.key === "u") return { isFlag: true, key: "u" };
  if (event.key === "?") return { isHelp: true, key: "?" };
  return isBusy && event.key.length === 1 ? { key: event.key } : null;
}

export function isTextField(target) {
  return !!target.matches?.("textarea, input:not([type=radio], [type=checkbox], [type=range], [type=hidden]), select");
}

export function isSlider(target, event) {
  return !!target.matches?.("[type=range]") && event.key.startsWith("Arrow");
}

// While a dialog is open only the key that opened the explanation does anything: it closes it again.
export function isInDialog(event) {
  if (!document.querySelector("dialog[open]")) return false;
  if (event.key === "?" && at("anchors").open) {
    event.preventDefault();
    at("anchors").close();
  }
  return true;
}

export function explain(scoring) {
  const field = scoring.fields[Math.max(0, scoring.current)];
  at("anchors-title").textContent = field.dataset.title;
  at("anchors-question").textContent = field.dataset.question;
  at("anchors-notes").replaceChildren(...JSON.parse(field.dataset.notes).map((note) => make("li", note)));
  const levels = JSON.parse(field.dataset.levels);
  at("anchors-levels").replaceChildren(...[5, 4, 3, 2, 1, 0].flatMap((level) => [make("dt", level), make("dd", levels[level])]));
  at("anchors").showModal();
}

export function make(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}
