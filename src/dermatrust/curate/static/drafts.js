// What the server has not confirmed yet, kept in this browser by person and case. Holds scores and reasons, no narrative.
const PREFIX = "dermatrust:draft:";

export class Drafts {
  constructor(user, isOn) {
    this.user = user;
    this.isOn = isOn;
    if (!isOn) wipe();
  }

  key(id) { return `${PREFIX}${this.user}:${id}`; }

  keep(id, draft) {
    if (!this.isOn) return false;
    try {
      localStorage.setItem(this.key(id), JSON.stringify(draft));
      return true;
    } catch { return false; } // full, or forbidden: the page then says that nothing is kept
  }

  read(id) {
    try { return this.isOn ? JSON.parse(localStorage.getItem(this.key(id))) : null; } catch { return null; }
  }

  remove(id) {
    try { localStorage.removeItem(this.key(id)); } catch { /* nothing was kept */ }
  }
}

export function wipe() {
  try {
    Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).forEach((key) => localStorage.removeItem(key));
  } catch { /* nothing was kept */ }
}
