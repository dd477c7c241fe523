// A page with images and six scores in an ordinary form: the same viewer and the same keys as on the rating page.
import { explain, isInDialog, isSlider, isTextField, readKey } from "./keys.js";
import { Scoring } from "./scoring.js";
import { Viewer } from "./viewer.js";

export function setUp(form) {
  const card = document.getElementById("viewer");
  const viewer = new Viewer(card);
  viewer.show(JSON.parse(card.dataset.images).map((path) => `${document.body.dataset.root}${path}`));
  if (!form) return;
  const scoring = new Scoring(form);
  scoring.set(scoring.values());
  document.getElementById("explain").addEventListener("click", () => explain(scoring));
  document.addEventListener("keydown", (event) => {
    if (isInDialog(event)) return;
    const key = readKey(event), isText = isTextField(event.target);
    if (isText && !(key?.isSubmit && form.contains(event.target))) return;
    if (isSlider(event.target, event)) return;
    if (!key) {
      if (viewer.key(event)) event.preventDefault();
      return;
    }
    event.preventDefault();
    act(key, scoring, form);
  }, true);
}

function act(key, scoring, form) {
  if (key.isSubmit) form.requestSubmit();
  else if (key.isUndo) scoring.undo();
  else if (key.digit !== undefined) scoring.rate(key.digit);
  else if (key.step) scoring.move(key.step);
  else if (key.isHelp) explain(scoring);
}
