// Patient pages: reading aloud, offline state, and live updates of the chat. Pages work without it.
(function () {
  "use strict";
  const body = document.body;

  // Read aloud: what a button points at, or the page's own text. A second tap stops.
  const voice = window.speechSynthesis;
  const readers = document.querySelectorAll("[data-lx-reads]");
  if (!voice) readers.forEach((button) => { button.hidden = true; });

  function stop() {
    voice.cancel();
    readers.forEach((button) => button.setAttribute("aria-pressed", "false"));
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-lx-reads]");
    if (!button || !voice) return;
    const wasReading = button.getAttribute("aria-pressed") === "true";
    stop();
    if (wasReading) return;
    const source = document.querySelector(button.dataset.lxReads || "main");
    const speech = new SpeechSynthesisUtterance((source || body).innerText);
    speech.lang = document.documentElement.lang === "en" ? "en-US" : "zh-CN";
    speech.rate = body.classList.contains("is-elder") ? 0.85 : 1;
    speech.onend = stop;
    speech.onerror = stop;
    button.setAttribute("aria-pressed", "true");
    voice.speak(speech);
  });
  window.addEventListener("pagehide", () => voice && voice.cancel());

  // Offline: said once on top, taken away when the line is back.
  const offline = document.querySelector("[data-lx-offline]");
  function showLine() {
    if (offline) offline.hidden = navigator.onLine;
    body.classList.toggle("is-offline", !navigator.onLine);
  }
  window.addEventListener("online", showLine);
  window.addEventListener("offline", showLine);
  showLine();

  // The answer of a refused request is shown where the page keeps its messages.
  const messages = document.getElementById("lx-messages");
  body.addEventListener("htmx:responseError", (event) => {
    if (!messages) return;
    const request = event.detail.xhr;
    const type = request.getResponseHeader("Content-Type") || "";
    messages.textContent = type.startsWith("text/plain") ? request.responseText : body.dataset.lxFailed;
    messages.hidden = false;
    messages.scrollIntoView({ block: "center" });
  });

  // Live: the same stream as the console's, for the holder's own topics.
  const edge = document.querySelector('meta[name="lx-live"]');
  const topics = [...document.querySelectorAll("[data-live]")].map((part) => part.dataset.live);
  let pause = 2000;
  function announce(topic, detail) {
    body.dispatchEvent(new CustomEvent(`live:${topic}`, { detail, bubbles: true }));
  }
  function connect() {
    const query = topics.map((topic) => `topic=${encodeURIComponent(topic)}`).join("&");
    const stream = new EventSource(`${edge.content}?${query}`, { withCredentials: true });
    stream.onopen = () => {
      pause = 2000;
      topics.forEach((topic) => announce(topic, {}));
    };
    stream.onmessage = (event) => {
      const detail = JSON.parse(event.data);
      announce(detail.topic, detail);
    };
    stream.onerror = () => {
      stream.close();
      window.setTimeout(connect, pause);
      pause = Math.min(pause * 2, 60000);
    };
    window.addEventListener("pagehide", () => stream.close(), { once: true });
  }
  // After htmx, which looks at the page then: nobody would hear a stream that opens before.
  if (edge && topics.length) document.addEventListener("DOMContentLoaded", connect);

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.lxSent) event.preventDefault();
    else if (form.method === "post" && !form.hasAttribute("hx-post") && !event.defaultPrevented) form.dataset.lxSent = "1";
  });
  window.addEventListener("pageshow", () => {
    document.querySelectorAll("form[data-lx-sent]").forEach((form) => delete form.dataset.lxSent);
  });
})();
