// Asks for more notices by WeChat's own tag. Outside WeChat the words that say so stay.
(function () {
  "use strict";
  const place = document.querySelector("[data-lx-notices]");
  const isWechat = /MicroMessenger/i.test(navigator.userAgent);
  if (!place || !(isWechat || "lxEverywhere" in place.dataset)) return;
  // Document 开放标签 wx-open-subscribe: three templates at once.
  const MOST = 3;

  function say(sentence) {
    const line = place.querySelector("[data-lx-status]");
    line.textContent = sentence;
    line.hidden = false;
  }

  async function sign() {
    const headers = JSON.parse(document.body.getAttribute("hx-headers"));
    const body = new URLSearchParams({ url: location.href.split("#")[0] });
    const answer = await fetch(place.dataset.lxSign, { method: "POST", headers, body });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.error);
    return found;
  }

  function load() {
    return new Promise((done, fail) => {
      const script = document.createElement("script");
      script.src = place.dataset.lxSdk;
      script.onload = done;
      script.onerror = () => fail(new Error(document.body.dataset.lxFailed));
      document.head.append(script);
    });
  }

  function show(ids) {
    const tag = document.createElement("wx-open-subscribe");
    tag.setAttribute("template", ids.join(","));
    const drawn = document.createElement("script");
    drawn.type = "text/wxtag-template";
    const button = document.createElement("button");
    button.textContent = place.dataset.lxLabel;
    drawn.textContent = button.outerHTML;
    tag.append(drawn);
    tag.addEventListener("success", () => say(place.dataset.lxThanks));
    tag.addEventListener("error", () => say(document.body.dataset.lxFailed));
    place.querySelector("[data-lx-tag]").append(tag);
  }

  async function begin() {
    const [signed] = await Promise.all([sign(), load()]);
    const { wx } = window;
    wx.ready(() => {
      const ids = place.dataset.lxNotices.split(",");
      for (let start = 0; start < ids.length; start += MOST) show(ids.slice(start, start + MOST));
      place.querySelector("[data-lx-words]").hidden = true;
    });
    wx.error(() => say(document.body.dataset.lxFailed));
    wx.config({ ...signed, jsApiList: ["chooseImage"], openTagList: ["wx-open-subscribe"] });
  }

  begin().catch((error) => say(error.message));
})();
