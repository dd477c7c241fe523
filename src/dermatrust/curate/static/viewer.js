// The images of a case. How far one is zoomed and where stays as the reader goes from image to image.
const LARGEST = 12;

export class Viewer {
  constructor(card) {
    this.card = card;
    this.stage = card.querySelector(".stage");
    this.thumbs = card.querySelector(".thumbs");
    this.light = card.querySelector(".light");
    this.lightSwitch = card.querySelector("[data-do=light]");
    this.images = [];
    this.view = { scale: 1, x: 0, y: 0 };
    this.listen();
  }

  show(images) {
    this.images = images;
    this.stage.replaceChildren();
    this.thumbs.replaceChildren(...images.map((_, n) => this.thumb(n)));
    this.thumbs.hidden = images.length < 2;
    this.wasLit = false;
    this.setLight(false);
    this.reset();
    if (images.length) return this.select(0);
    this.stage.textContent = "This case has no image.";
    return Promise.resolve();
  }

  thumb(n) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `${n + 1}`;
    button.setAttribute("aria-label", `Image ${n + 1} of ${this.images.length}`);
    button.addEventListener("click", () => this.select(n));
    return button;
  }

  async select(n) {
    if (!this.images[n]) return;
    this.selected = n;
    const image = new Image();
    image.alt = `Image ${n + 1} of ${this.images.length} of the case`;
    image.draggable = false;
    image.src = this.images[n];
    [...this.thumbs.children].forEach((button, k) => button.setAttribute("aria-pressed", k === n));
    await image.decode().catch(() => { image.alt = "This image could not be loaded."; });
    if (this.selected !== n || this.images[n] !== image.getAttribute("src")) return;
    this.stage.replaceChildren(image);
    this.draw();
  }

  draw() {
    const image = this.stage.querySelector("img");
    if (!image) return;
    const { scale, x, y } = this.view;
    image.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    const { brightness, contrast } = this.settings();
    image.style.filter = brightness === 100 && contrast === 100 ? "" : `brightness(${brightness}%) contrast(${contrast}%)`;
  }

  zoom(factor, at = { x: 0, y: 0 }) {
    const scale = Math.min(LARGEST, Math.max(1, this.view.scale * factor));
    const ratio = scale / this.view.scale;
    this.view = { scale, x: at.x - ratio * (at.x - this.view.x), y: at.y - ratio * (at.y - this.view.y) };
    if (scale === 1) this.view = { scale, x: 0, y: 0 };
    this.draw();
  }

  pan(x, y) {
    const { width, height } = this.stage.getBoundingClientRect();
    const most = { x: (width * this.view.scale) / 2, y: (height * this.view.scale) / 2 };
    const within = (value, limit) => Math.max(-limit, Math.min(limit, value));
    this.view = { ...this.view, x: within(this.view.x + x, most.x), y: within(this.view.y + y, most.y) };
    this.draw();
  }

  reset() {
    this.view = { scale: 1, x: 0, y: 0 };
    this.draw();
  }

  setLight(isOn) {
    this.light.hidden = !isOn;
    this.lightSwitch.setAttribute("aria-pressed", isOn);
    if (!isOn) this.light.querySelectorAll("input").forEach((input) => { input.value = 100; });
    this.draw();
  }

  // What changed the picture while it was rated: part of the rating.
  settings() {
    const value = (name) => Number(this.light.querySelector(`[name=${name}]`).value);
    return { brightness: value("brightness"), contrast: value("contrast"), adjusted: this.wasLit || false };
  }

  listen() {
    const actions = {
      larger: () => this.zoom(1.5), smaller: () => this.zoom(1 / 1.5), whole: () => this.reset(),
      light: () => this.setLight(this.light.hidden),
    };
    for (const [name, action] of Object.entries(actions)) {
      this.card.querySelector(`[data-do=${name}]`).addEventListener("click", action);
    }
    this.light.addEventListener("input", () => { this.wasLit = true; this.draw(); this.card.dispatchEvent(new Event("change")); });
    this.stage.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && this.view.scale === 1 && event.deltaY > 0) return; // let the page scroll on
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, this.from(event));
    }, { passive: false });
    this.stage.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.stage.setPointerCapture(event.pointerId);
      this.stage.classList.add("dragging");
    });
    this.stage.addEventListener("pointermove", (event) => {
      if (this.stage.hasPointerCapture(event.pointerId)) this.pan(event.movementX, event.movementY);
    });
    this.stage.addEventListener("lostpointercapture", () => this.stage.classList.remove("dragging"));
    this.stage.addEventListener("dblclick", (event) => (this.view.scale > 1 ? this.reset() : this.zoom(2.5, this.from(event))));
  }

  from(event) {
    const box = this.stage.getBoundingClientRect();
    return { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 };
  }

  // Returns whether the key was for the images.
  key(event) {
    const picked = event.altKey && /^Digit([1-9])$/.exec(event.code);
    if (picked) return this.select(Number(picked[1]) - 1), true;
    if (event.altKey || event.ctrlKey || event.metaKey) return false;
    const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
    if (event.shiftKey && moves[event.key]) return this.pan(...moves[event.key]), true;
    const zooms = { "+": () => this.zoom(1.5), "-": () => this.zoom(1 / 1.5), "=": () => this.reset() };
    if (!zooms[event.key]) return false;
    zooms[event.key]();
    return true;
  }
}
