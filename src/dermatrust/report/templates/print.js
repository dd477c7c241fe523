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
