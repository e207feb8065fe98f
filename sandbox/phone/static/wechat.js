// What WeChat's page script gives a page inside it: `wx.config` and the tag `wx-open-subscribe`.
// Both ask the phone around the page; nobody else is asked or heard.
(function () {
  "use strict";
  const phone = new URL(document.currentScript.src).origin;
  const waiting = new Map();
  const heard = { ready: () => {}, error: () => {} };
  let last = 0;
  let appId = "";

  function ask(question) {
    return new Promise((done) => {
      last += 1;
      waiting.set(last, done);
      window.parent.postMessage({ wechat: question, id: last }, phone);
    });
  }

  window.addEventListener("message", (event) => {
    if (event.origin !== phone || event.source !== window.parent) return;
    const { answers, id } = event.data || {};
    if (!waiting.has(id)) return;
    waiting.get(id)(answers);
    waiting.delete(id);
  });

  window.wx = {
    ready: (work) => { heard.ready = work; },
    error: (work) => { heard.error = work; },
    async config(given) {
      const page = window.location.href.split("#")[0];
      const isRight = await ask({ name: "config", page, ...JSON.parse(JSON.stringify(given)) });
      const hasTag = (given.openTagList || []).includes("wx-open-subscribe");
      if (!isRight) return heard.error({ errMsg: "config:invalid signature" });
      appId = given.appId;
      if (hasTag && !customElements.get("wx-open-subscribe")) customElements.define("wx-open-subscribe", SubscribeTag);
      return heard.ready();
    },
  };

  class SubscribeTag extends HTMLElement {
    connectedCallback() {
      const drawn = this.querySelector("script[type='text/wxtag-template']");
      const root = this.attachShadow({ mode: "open" });
      root.innerHTML = drawn ? drawn.textContent : "";
      root.addEventListener("click", () => this.subscribe());
    }

    async subscribe() {
      const templates = (this.getAttribute("template") || "").split(",");
      const answers = await ask({ name: "subscribe", app_id: appId, templates });
      if (!answers) return this.dispatchEvent(new CustomEvent("error", { detail: { errMsg: "subscribe:fail" } }));
      const details = Object.fromEntries(Object.entries(answers).map(([id, status]) => [id, JSON.stringify({ status })]));
      const detail = { errMsg: "subscribe:ok", subscribeDetails: JSON.stringify(details) };
      return this.dispatchEvent(new CustomEvent("success", { detail }));
    }
  }
})();
