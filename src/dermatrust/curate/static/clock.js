// Seconds somebody really spends on a case: not while the page is hidden, nor after a minute without a sign of life.
const PAUSE_MS = 60000;

export class Clock {
  constructor() {
    this.seconds = 0;
    this.alive = performance.now();
    for (const sign of ["keydown", "pointermove", "pointerdown", "wheel", "scroll"]) {
      addEventListener(sign, () => { this.alive = performance.now(); }, { passive: true, capture: true });
    }
    setInterval(() => {
      if (!document.hidden && performance.now() - this.alive < PAUSE_MS) this.seconds += 0.5;
    }, 500);
  }

  start(seconds) { this.seconds = seconds; this.alive = performance.now(); }
}
