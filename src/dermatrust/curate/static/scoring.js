// Six scores, one after the other: which is current, which are set, and what the last one was before.
export class Scoring {
  constructor(form) {
    this.fields = [...form.querySelectorAll(".dimension")];
    this.names = this.fields.map((field) => field.dataset.dimension);
    this.titles = this.fields.map((field) => field.dataset.title);
    this.meaning = document.getElementById("meaning");
    this.status = document.getElementById("status");
    this.current = 0;
    this.undone = [];
    this.changed = () => {};
    this.fields.forEach((field, n) => {
      field.addEventListener("focusin", () => { if (this.current !== n) this.go(n); });
      field.addEventListener("change", (event) => this.took(n, Number(event.target.value)));
    });
  }

  values() {
    return Object.fromEntries(this.fields.map((field, n) => [this.names[n], this.value(field)]).filter(([, value]) => value !== null));
  }

  value(field) {
    const chosen = field.querySelector("input:checked");
    return chosen ? Number(chosen.value) : null;
  }

  set(values) {
    this.fields.forEach((field, n) => this.check(field, values[this.names[n]] ?? null));
    this.before = this.values();
    this.undone = [];
    this.go(this.firstMissing() ?? -1);
  }

  check(field, value) {
    field.querySelectorAll("input").forEach((input) => { input.checked = Number(input.value) === value; });
    field.querySelector(".word").textContent = value === null ? "" : `${value}`;
  }

  // A digit rates the current dimension and goes on; with none current it does nothing.
  rate(value) {
    if (this.current < 0) return;
    const n = this.current;
    this.took(n, value);
    const next = n + 1 < this.fields.length ? n + 1 : this.firstMissing() ?? -1;
    this.go(next);
  }

  took(n, value) {
    this.undone.push([n, this.before?.[this.names[n]] ?? null]);
    this.check(this.fields[n], value);
    this.fields[n].classList.remove("missing");
    this.before = this.values();
    this.say();
    this.changed();
  }

  undo() {
    const last = this.undone.pop();
    if (!last) return;
    this.check(this.fields[last[0]], last[1]);
    this.before = this.values();
    this.go(last[0]);
    this.changed();
  }

  move(step) {
    const count = this.fields.length;
    this.go(this.current < 0 ? (step > 0 ? 0 : count - 1) : Math.max(0, Math.min(count - 1, this.current + step)));
  }

  go(n) {
    this.current = n;
    this.fields.forEach((field, k) => {
      field.classList.toggle("current", k === n);
    });
    const inside = document.activeElement?.closest?.(".dimension");
    if (inside && n >= 0 && inside !== this.fields[n]) this.focus(n);
    this.say();
  }

  focus(n) {
    const field = this.fields[n];
    (field.querySelector("input:checked") ?? field.querySelector("input")).focus({ preventScroll: false });
  }

  firstMissing() {
    const n = this.fields.findIndex((field) => this.value(field) === null);
    return n < 0 ? null : n;
  }

  showMissing() {
    this.fields.forEach((field) => field.classList.toggle("missing", this.value(field) === null));
    this.go(this.firstMissing() ?? -1);
    const names = this.titles.filter((_, n) => this.value(this.fields[n]) === null);
    this.explain();
    this.status.textContent = `Not submitted. Still to rate: ${names.join(", ")}.`;
  }

  // What the current dimension asks, or what its score means; always in the same place, so that nothing moves.
  explain() {
    const field = this.fields[this.current];
    const value = field && this.value(field);
    const text = !field ? "" : value === null ? field.dataset.question : `${value}: ${JSON.parse(field.dataset.levels)[value]}`;
    this.meaning.replaceChildren(...(field ? [strong(field.dataset.title), ` ${text}`] : []));
  }

  say() {
    this.explain();
    const set = this.fields.map((field, n) => [this.titles[n], this.value(field)]).filter(([, value]) => value !== null);
    const said = set.map(([title, value]) => `${title} ${value}`).join(", ");
    const now = this.current < 0 ? "" : ` Now ${this.titles[this.current]}.`;
    this.status.textContent = set.length === 6 ? `All six set: ${said}.` : `${set.length} of 6 set${said ? `: ${said}` : ""}.${now}`;
  }
}

function strong(text) {
  const element = document.createElement("strong");
  element.textContent = text;
  return element;
}

// The button that stays at the foot of the window hides no text box that is written in.
document.addEventListener("focusin", (event) => {
  if (event.target.matches(".scoring textarea")) event.target.scrollIntoView({ block: "nearest" });
});
