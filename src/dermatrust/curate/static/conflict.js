// Two windows changed one case: show what differs, and let the person choose.
import { make } from "./keys.js";

const at = (id) => document.getElementById(id);

export function showConflict(scoring, here, stored, choose) {
  const other = stored.content ?? {};
  const rows = scoring.names.map((name, n) => [scoring.titles[n], here.scores?.[name], other.scores?.[name]]);
  rows.push(["Uncertain", here.uncertain ? "yes" : "no", other.uncertain ? "yes" : "no"]);
  rows.push(["Reason", here.reason, other.reason]);
  at("conflict-rows").replaceChildren(...rows.map(row));
  const dialog = at("conflict");
  const done = (content) => () => { dialog.close(); choose(content); };
  at("keep-here").onclick = done(here);
  at("take-stored").onclick = done({ scores: {}, uncertain: false, reason: "", note: "", ...other, seconds: here.seconds, viewer: here.viewer ?? {} });
  dialog.oncancel = (event) => event.preventDefault(); // one of the two must be chosen
  dialog.showModal();
}

function row([title, here, stored]) {
  const tr = document.createElement("tr");
  const [one, two] = [here, stored].map((value) => (value === undefined || value === "" ? "–" : `${value}`));
  const head = make("th", title);
  head.scope = "row";
  tr.append(head, make("td", one), make("td", two), make("td", one === two ? "" : "differs"));
  return tr;
}
