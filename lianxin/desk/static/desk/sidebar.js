// Beside a chat in WeCom: asks the client whose chat is open, and puts checked words into it.
// What may be shown or said is decided by the server; this script carries it.
(function () {
  "use strict";
  const frame = document.querySelector('[data-sidebar="frame"]');
  const signed = new Map();

  async function sign(url) {
    if (!signed.has(url)) {
      const answer = await fetch(frame.dataset.sign, {
        method: "POST",
        headers: { "X-CSRFToken": frame.dataset.token, Accept: "application/json" },
        body: new URLSearchParams({ url }),
      });
      const back = answer.headers.get("HX-Redirect");
      if (back) return window.location.assign(back);
      if (!answer.ok) {
        const said = await answer.json().catch(() => ({}));
        throw new Error(said.error || frame.dataset.unsigned);
      }
      signed.set(url, await answer.json());
    }
    return signed.get(url);
  }

  function say(words) {
    frame.replaceChildren();
    const line = document.createElement("p");
    line.className = "lx-notice is-warn";
    line.setAttribute("role", "alert");
    line.textContent = words;
    frame.append(line);
  }

  async function begin() {
    if (!ww.env.isWeCom) return say(frame.dataset.outside);
    const { corp, agent } = frame.dataset;
    let missing = "";
    const kind = (name) => async (url) => {
      try {
        return (await sign(url))[name];
      } catch (error) {
        missing = error.message;
        throw error;
      }
    };
    ww.register({
      corpId: corp,
      agentId: agent,
      jsApiList: ["getContext", "getCurExternalContact", "sendChatMessage"],
      getConfigSignature: kind("page_ticket"),
      getAgentConfigSignature: kind("agent_ticket"),
    });
    try {
      await ww.ensureConfigReady();
    } catch (error) {
      return say(missing || frame.dataset.refused);
    }
    try {
      const found = await ww.getCurExternalContact();
      htmx.ajax("POST", frame.dataset.contact, {
        target: "#sidebar-contact",
        swap: "innerHTML",
        values: { external_id: found.userId },
      });
    } catch (error) {
      say(frame.dataset.noContact);
    }
  }

  async function insert(line) {
    const words = line.dataset.sidebarWords;
    line.removeAttribute("data-sidebar-words");
    try {
      await ww.sendChatMessage({ msgtype: "text", text: { content: words } });
      line.textContent = line.dataset.sidebarDone;
      line.classList.add("is-done");
    } catch (error) {
      line.textContent = line.dataset.sidebarFailed;
      line.setAttribute("role", "alert");
      const field = document.getElementById("sidebar-text");
      if (field) field.value = words;
    }
  }

  document.body.addEventListener("htmx:afterSettle", () => {
    document.querySelectorAll("[data-sidebar-words]").forEach(insert);
  });
  if (frame) begin();
})();
