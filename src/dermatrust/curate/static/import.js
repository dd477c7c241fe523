// Sending a file as it is, and going to what was found in it.
const { root, csrf } = document.body.dataset;
const form = document.getElementById("upload"), status = document.getElementById("status");
const button = form.querySelector("button");

function say(text, isBad = false) {
  status.textContent = text;
  status.classList.toggle("bad", isBad);
}

async function send(file) {
  const headers = { Accept: "application/json", "Content-Type": "application/octet-stream", "X-CSRF-Token": csrf };
  try {
    const answer = await fetch(`${root}/import/file`, { method: "PUT", headers, body: file, redirect: "error" });
    const said = await answer.json();
    if (answer.ok) return void location.assign(`${root}${said.at}`);
    say(said.problem, true);
  } catch {
    say("It did not arrive. Is the file too large, or the connection gone?", true);
  }
  button.disabled = false;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const file = document.getElementById("file").files[0];
  if (!file) return;
  button.disabled = true;
  say("Sending and looking at it. Large datasets take some minutes.");
  send(file);
});
document.documentElement.dataset.ready = "yes";
