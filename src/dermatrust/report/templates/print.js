// Paper shows everything: older browsers print closed sections closed.
const opened = [];
addEventListener("beforeprint", () => {
  for (const section of document.querySelectorAll("details:not([open])")) {
    section.open = true;
    opened.push(section);
  }
});
addEventListener("afterprint", () => {
  for (const section of opened.splice(0)) section.open = false;
});
// A link to what is folded away unfolds it: not every browser does so by itself.
const unfold = () => {
  const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let folded = wanted?.closest("details:not([open])"); folded; folded = folded.parentElement.closest("details:not([open])")) {
    folded.open = true;
    wanted.scrollIntoView();
  }
};
addEventListener("hashchange", unfold);
addEventListener("DOMContentLoaded", unfold);
