// The keypad, the check before saving, and saving without a network. Without this the form still posts.
(function () {
  "use strict";
  const form = document.getElementById("lx-log");
  if (!form) return;
  const queue = window.lianxinQueue;
  const inputs = [...form.querySelectorAll(".lx-value input")];
  const part = (name) => form.querySelector(`[data-lx-${name}]`);
  const state = part("state"), doubt = part("doubt"), red = part("red"), list = part("queue");
  const saves = [...form.querySelectorAll(".is-save")];
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  const dangers = JSON.parse(document.getElementById("lx-danger-limits").textContent);
  let current = inputs.find((input) => !input.value) || inputs[0];

  // The phone's own keyboard stays away: the keypad is the keyboard.
  inputs.forEach((input) => {
    input.inputMode = "none";
    input.addEventListener("focus", () => select(input));
    input.addEventListener("input", show);
  });

  function select(input) {
    current = input;
    inputs.forEach((one) => one.closest(".lx-value").classList.toggle("is-current", one === input));
  }
  function shown() {
    return inputs.filter((input) => input.closest(".lx-value").offsetParent !== null);
  }
  function next() {
    const open = shown();
    select(open[(open.indexOf(current) + 1) % open.length]);
    current.focus({ preventScroll: true });
  }

  function press(key) {
    if (key === "back") current.value = current.value.slice(0, -1);
    else if (key === "next") return next();
    else if (current.value.length < 3) current.value += key;
    show();
    // Three digits, or two that can only be a whole number, are complete.
    const whole = Number(current.value);
    const full = current.value.length === 3 || (current.value.length === 2 && whole * 10 > Number(current.dataset.highest));
    if (key !== "back" && full && current !== shown().at(-1)) next();
  }
  part("keypad").addEventListener("click", (event) => {
    const button = event.target.closest("[data-key]");
    if (button) press(button.dataset.key);
  });

  function values() {
    return Object.fromEntries(inputs.filter((input) => input.value).map((input) => [input.name, input.value]));
  }
  function holds(condition, numbers) {
    if (condition.any) return condition.any.some((one) => holds(one, numbers));
    if (condition.all) return condition.all.every((one) => holds(one, numbers));
    const value = Number(numbers[condition.field]);
    if (!numbers[condition.field]) return false;
    return (condition.at_least === undefined || value >= condition.at_least)
      && (condition.above === undefined || value > condition.above)
      && (condition.at_most === undefined || value <= condition.at_most)
      && (condition.below === undefined || value < condition.below);
  }
  function say(words) {
    state.textContent = words;
    state.hidden = !words;
  }
  function show() {
    doubt.hidden = true;
    inputs.forEach((input) => input.closest(".lx-value").classList.remove("is-doubtful"));
    const filled = inputs.every((input) => !input.required || input.value.length > 1);
    say(filled ? form.dataset.filled : "");
    red.hidden = !(filled && dangers.some((condition) => holds(condition, values())));
  }

  function ask(answer) {
    say("");
    doubt.hidden = false;
    doubt.querySelector("[data-lx-doubt-words]").textContent = answer.message;
    const offer = form.querySelector("[data-lx-offer]");
    offer.dataset.lxOffer = new URLSearchParams(answer.offer || {}).toString();
    offer.textContent = answer.offer_words || "";
    offer.hidden = !answer.offer_words;
    form.querySelector("[data-lx-insist]").hidden = !answer.may_insist;
    const doubted = new Set([...(answer.fields || []), ...Object.keys(answer.offer || {})]);
    inputs.forEach((input) => input.closest(".lx-value").classList.toggle("is-doubtful", doubted.has(input.name)));
    doubt.scrollIntoView({ block: "nearest" });
  }
  form.querySelector("[data-lx-offer]").addEventListener("click", (event) => {
    for (const [name, value] of new URLSearchParams(event.target.dataset.lxOffer)) {
      const input = inputs.find((one) => one.name === name);
      if (input) input.value = value;
    }
    show();
  });
  form.querySelector("[data-lx-clear]").addEventListener("click", () => {
    inputs.forEach((input) => { input.value = ""; });
    select(inputs[0]);
    show();
  });

  function entry(insisted) {
    const when = form.elements.measured_at;
    const typed = values();
    if (when && when.value) typed.measured_at = when.value;
    if (insisted) typed.is_insisted = "1";
    return { client_key: form.elements.client_key.value, values: typed, at: Date.now(), patient: form.dataset.patient };
  }
  function newKey() {
    const bytes = window.crypto.getRandomValues(new Uint8Array(12));
    return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    const one = entry(event.submitter && event.submitter.hasAttribute("data-lx-insist"));
    saves.forEach((button) => { button.disabled = true; });
    say(form.dataset.saving);
    try {
      const response = await queue.send(form.dataset.lxLog, one, token);
      if (response.status >= 500) throw new Error("not kept");
      const answer = await response.json();
      if (answer.state === "saved") { window.location.assign(answer.next); return; }
      ask(answer.error ? { message: answer.error } : answer);
    } catch {
      keep(one);
    } finally {
      saves.forEach((button) => { button.disabled = false; });
    }
  }, true);

  function keep(one) {
    if (!queue.add(one)) return;
    form.elements.client_key.value = newKey();
    inputs.forEach((input) => { input.value = ""; });
    select(inputs[0]);
    say(form.dataset.kept);
    list_waiting();
  }

  function list_waiting() {
    const waiting = queue.load().filter((one) => one.patient === form.dataset.patient);
    list.replaceChildren(...waiting.map((one) => {
      const line = document.createElement("li");
      line.textContent = `${one.values.systolic}/${one.values.diastolic} · ${list.dataset.waiting}`;
      return line;
    }));
    list.hidden = waiting.length === 0;
  }

  // One at a time and oldest first; an answer that is not "saved" is shown and does not repeat.
  async function flush() {
    let answer = null;
    for (const one of queue.load().filter((known) => known.patient === form.dataset.patient)) {
      try {
        const response = await queue.send(form.dataset.lxLog, one, token);
        // A closed session or a tired server is no answer about the reading: it waits on.
        if (response.status >= 500 || response.status === 401 || response.status === 403) return;
        answer = await response.json();
      } catch {
        return;
      }
      queue.drop(one.client_key);
      list_waiting();
      if (answer.state !== "saved") { say(`${one.values.systolic}/${one.values.diastolic} ${list.dataset.refused}`); return; }
      if (/symptoms|urgent|again/.test(answer.next)) { window.location.assign(answer.next); return; }
    }
    if (answer) say(list.dataset.sent);
  }
  window.addEventListener("online", flush);
  list_waiting();
  if (navigator.onLine) flush();
  select(current);
})();
