// The chat of visitors. What they write waits in this browser until the server has it, once; what
// is said comes from the server as a whole, so nothing stands twice and nothing out of order.
(function () {
  "use strict";
  const part = (name) => document.querySelector(`[data-lx-${name}]`);
  const talk = document.getElementById("lx-talk");
  const words = talk.dataset;
  const field = document.getElementById("lx-talk-text");
  const isFramed = window.parent !== window;
  const place = `lianxin-chat-${words.account}`;
  const QUICK = 2000;
  const SLOW = 60000;
  // {token, queue: [{key, text, isTaken}]}; isPassing: kept for this tab alone, because it shows what a
  // verified person said; proof: by which signature of the site; isOver: a talk was put away.
  let mine = null;
  let shown = 0;
  let asked = 0;
  let stream = null;
  let heard = "";
  let pause = QUICK;
  let timer = 0;
  let isSending = false;
  let said = 0;

  // --- What this browser keeps -----------------------------------------------------------------

  function random() {
    const bytes = crypto.getRandomValues(new Uint8Array(32));
    return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function read(store) {
    try {
      return JSON.parse(store().getItem(place));
    } catch {
      return null;
    }
  }
  const lasting = () => window.localStorage;
  const passing = () => window.sessionStorage;
  function keep() {
    try {
      (mine.isPassing ? passing() : lasting()).setItem(place, JSON.stringify(mine));
    } catch {
      // No storage here: the talk lasts as long as the page.
    }
  }
  function drop() {
    for (const store of [lasting, passing]) {
      try {
        store().removeItem(place);
      } catch {
        // Nothing was kept.
      }
    }
  }
  function begin(more) {
    drop();
    mine = { token: random(), queue: [], ...more };
    keep();
    say("");
    show({ html: "", live: "", is_verified: false });
  }

  // --- Showing -------------------------------------------------------------------------------

  function say(text) {
    part("note").textContent = text;
    part("note").hidden = !text;
  }
  function complain(text) {
    part("error").textContent = text;
    part("error").hidden = !text;
  }
  function show(told) {
    const lines = part("said");
    const isNear = document.documentElement.scrollHeight - window.scrollY - window.innerHeight < 200;
    const before = said;
    lines.innerHTML = told.html;
    said = lines.querySelectorAll(".lx-bubble:not(.is-mine), .lx-emergency").length;
    showWaiting();
    part("ended").hidden = !mine.isOver;
    part("unverified").hidden = told.is_verified;
    part("verified").hidden = !told.is_verified;
    part("verify").hidden = false;
    part("verify").elements.token.value = mine.token;
    listen(told.live);
    if (isNear || said > before) newest();
    if (said > before && before > 0) tellParent("answer");
  }
  function showWaiting() {
    const stored = new Set([...part("said").querySelectorAll("[data-lx-key]")].map((one) => one.dataset.lxKey));
    part("waiting").replaceChildren(
      ...mine.queue.filter((one) => !stored.has(one.key)).map((one) => {
        const bubble = document.createElement("div");
        const label = document.createElement("small");
        const text = document.createElement("div");
        bubble.className = one.isTaken ? "lx-bubble is-mine" : "lx-bubble is-mine is-waiting";
        label.textContent = one.isTaken ? words.me : `${words.me} · ${words.waiting}`;
        text.textContent = one.text;
        bubble.append(label, text);
        return bubble;
      }),
    );
    const isEmpty = !part("said").children.length && !mine.queue.length;
    part("first").hidden = !isEmpty;
    part("consent").hidden = !isEmpty;
    part("leave").hidden = isEmpty;
  }
  function newest() {
    window.scrollTo(0, document.documentElement.scrollHeight);
  }
  function showEnded() {
    begin({ queue: mine.queue, isOver: true });
    newest();
  }
  const showLine = () => { part("offline").hidden = navigator.onLine; };

  // --- Asking --------------------------------------------------------------------------------

  async function ask(url, options) {
    const number = ++asked;
    const token = mine.token;
    const answer = await fetch(url, {
      credentials: "omit",
      ...options,
      headers: { "X-Chat-Token": token, Accept: "application/json" },
    });
    const told = answer.status === 204 ? {} : await answer.json();
    // An older answer must not undo a newer one, nor one for somebody else be shown.
    const isNews = number > shown && token === mine.token;
    if (isNews) shown = number;
    return { status: answer.status, told, isNews };
  }
  async function refresh() {
    const taken = mine.queue.filter((one) => one.isTaken);
    try {
      const { status, told, isNews } = await ask(words.talkUrl);
      if (!isNews) return;
      if (status === 401) showEnded();
      else if (status === 200) {
        mine.queue = mine.queue.filter((one) => !taken.includes(one));
        keep();
        show(told);
      }
    } catch {
      later();
    }
  }
  async function send() {
    if (isSending) return;
    isSending = true;
    try {
      // Two tabs share one storage: one of them sends at a time, in the order of the queue.
      await alone(sendQueue);
    } finally {
      isSending = false;
    }
  }
  async function alone(task) {
    let isAlone = false;
    try {
      await navigator.locks.request(place, () => {
        isAlone = true;
        return task();
      });
    } catch {
      // No locks, because the browser keeps storage from frames on other sites: then no tab shares it.
      if (!isAlone) await task();
    }
  }
  async function sendQueue() {
    let first;
    while ((first = mine.queue.find((one) => !one.isTaken))) {
      let done;
      try {
        const body = new URLSearchParams({ text: first.text, client_key: first.key });
        done = await ask(words.talkUrl, { method: "POST", body });
      } catch {
        later();
        return;
      }
      if (done.status === 401) {
        showEnded();
        return;
      }
      if (done.status === 429 || done.status >= 500) {
        say(done.told.error || words.failed);
        later();
        return;
      }
      if (done.status === 200) {
        first.isTaken = true;
        pause = QUICK;
        say("");
        if (done.isNews) show(done.told);
      } else {
        mine.queue = mine.queue.filter((one) => one !== first);
        complain(done.told.error || words.failed);
        field.value = field.value || first.text;
      }
      keep();
      showWaiting();
    }
    // Asked anew: an answer on its way may have been written before ours was stored.
    await refresh();
  }
  function later() {
    window.clearTimeout(timer);
    timer = window.setTimeout(work, pause);
    pause = Math.min(pause * 2, SLOW);
  }
  async function work() {
    if (mine.queue.some((one) => !one.isTaken)) await send();
    else await refresh();
  }
  function listen(url) {
    if (!url || heard === mine.token) return;
    stop();
    heard = mine.token;
    stream = new EventSource(url);
    // What was said between the last answer and this moment told nobody.
    stream.onopen = () => {
      pause = QUICK;
      refresh();
    };
    stream.onmessage = () => refresh();
    // The ticket in the address may be old by now: close, ask again, and get a new one.
    stream.onerror = () => {
      stop();
      later();
    };
  }
  function stop() {
    if (stream) stream.close();
    stream = null;
    heard = "";
  }

  // --- The site around the frame -------------------------------------------------------------

  function tellParent(name) {
    if (isFramed) window.parent.postMessage({ lianxin: name }, "*");
  }
  async function start(signature) {
    const kept = read(passing);
    if (!signature) {
      // Who was signed in by the site is not any more: their talk goes with them.
      if (kept && kept.proof) drop();
      mine = kept && !kept.proof ? kept : read(lasting);
      if (!mine || !mine.token) begin();
      await work();
      return;
    }
    // The same signature again after a reload: its last piece names it, and says nothing else.
    const proof = signature.split(".")[2];
    if (kept && kept.proof === proof) {
      mine = kept;
      await work();
      return;
    }
    begin();
    try {
      const body = new URLSearchParams({ token: signature });
      const { status, told } = await ask(words.signUrl, { method: "POST", body });
      if (status === 200) begin({ token: told.token, isPassing: true, proof });
      else say(told.error || words.failed);
    } catch {
      say(words.failed);
    }
    await work();
  }
  let isStarted = false;
  function startOnce(signature) {
    if (isStarted) return;
    isStarted = true;
    start(signature);
  }
  window.addEventListener("message", (event) => {
    const told = event.data || {};
    if (event.source === window.parent && isFramed) {
      if (told.lianxin === "hello") startOnce(String(told.token || ""));
      if (told.lianxin === "sign") start(String(told.token || ""));
      if (told.lianxin === "opened") field.focus();
    }
    if (event.origin === window.location.origin && told.lianxin === "token" && told.account === words.account) {
      begin({ token: told.token, isPassing: true, queue: mine.queue });
      work();
    }
  });

  // --- What people do ------------------------------------------------------------------------

  const composer = part("composer");
  composer.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    complain("");
    mine.queue.push({ key: random().slice(0, 32), text });
    keep();
    field.value = "";
    showWaiting();
    newest();
    send();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    composer.requestSubmit();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") tellParent("close");
  });
  if (part("close")) part("close").addEventListener("click", () => tellParent("close"));
  part("return").addEventListener("click", () => { window.open(words.returnUrl); });
  part("anew").addEventListener("click", () => {
    begin({ queue: mine.queue });
    work();
  });
  part("leave").addEventListener("click", () => {
    if (!window.confirm(words.leaveQuestion)) return;
    fetch(words.leaveUrl, { method: "POST", credentials: "omit", headers: { "X-Chat-Token": mine.token } }).catch(() => {});
    stop();
    begin();
    refresh();
  });
  window.addEventListener("online", () => {
    showLine();
    pause = QUICK;
    work();
  });
  window.addEventListener("offline", showLine);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && mine) work();
  });
  window.addEventListener("pagehide", stop);
  showLine();
  if (isFramed) {
    tellParent("ready");
    // A frame that somebody put into a page by hand has nobody who says hello.
    window.setTimeout(() => startOnce(""), 3000);
  } else {
    startOnce("");
  }
})();
