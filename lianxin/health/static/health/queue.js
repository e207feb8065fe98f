// What could not be sent waits in this phone, one line per reading, and goes when the line is back.
// Each entry carries its own key, so that a repeat is kept once.
(function () {
  "use strict";
  const NAME = "lianxin.readings";

  function load() {
    try { return JSON.parse(window.localStorage.getItem(NAME)) || []; } catch { return []; }
  }
  function store(entries) {
    try { window.localStorage.setItem(NAME, JSON.stringify(entries)); return true; } catch { return false; }
  }
  function add(entry) {
    const entries = load().filter((known) => known.client_key !== entry.client_key);
    return store([...entries, entry]);
  }
  function drop(key) {
    store(load().filter((entry) => entry.client_key !== key));
  }

  async function send(url, entry, token) {
    const body = new URLSearchParams(entry.values);
    body.set("client_key", entry.client_key);
    const waited = Math.round((Date.now() - entry.at) / 1000);
    if (waited > 5 && !entry.values.measured_at) body.set("waited_seconds", String(waited));
    return fetch(url, {
      method: "POST",
      body,
      headers: { Accept: "application/json", "X-CSRFToken": token },
      credentials: "same-origin",
    });
  }

  window.lianxinQueue = { load, add, drop, send };
})();
