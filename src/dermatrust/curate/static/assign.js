// Choosing narratives and raters: all at once, and how many turns that makes.
const form = document.getElementById("give"), all = document.getElementById("all");
const items = [...document.querySelectorAll('input[name="item"]:not([disabled])')];
const raters = [...document.querySelectorAll('input[name="rater"]')];
const many = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

function tell() {
  const n = items.filter((one) => one.checked).length, k = raters.filter((one) => one.checked).length;
  if (all) {
    all.checked = n > 0 && n === items.length;
    all.indeterminate = n > 0 && n < items.length;
  }
  const said = n && k ? `${many(n, "narrative")} for ${many(k, "rater")}` : n ? many(n, "narrative") : "Choose narratives and raters.";
  document.getElementById("status").textContent = said;
}

if (form) {
  if (all && items.length) {
    all.hidden = false;
    all.addEventListener("change", () => {
      for (const one of items) one.checked = all.checked;
      tell();
    });
  }
  for (const one of [...items, ...raters]) one.addEventListener("change", tell);
  tell();
}
document.documentElement.dataset.ready = "yes";
