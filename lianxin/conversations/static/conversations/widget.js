// The chat window of Lianxin on any site: one button and one frame, in a shadow root of their own.
//   <script src="…/widget.js" data-account="…" data-token="…" data-language="zh-hans" async></script>
// Needs of the site's policy: script-src and frame-src with our origin. No inline code or styles.
(() => {
  "use strict";
  const { dataset: given, src } = document.currentScript;
  if (!given.account || window.LianxinChat) return;
  const origin = new URL(src).origin;
  const language = given.language || (/^en/.test(document.documentElement.lang) ? "en" : "zh-hans");
  const [ask, shut, news] = language === "en" ? ["Ask us", "Close chat", "new answer"] : ["在线咨询", "关闭聊天窗", "有新回复"];
  const host = document.createElement("lianxin-chat");
  host.setAttribute("role", "region");
  host.setAttribute("aria-label", ask);
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
:host{all:initial}
button{position:fixed;right:16px;bottom:16px;z-index:2147483000;display:flex;align-items:center;min-height:52px;padding:0 20px;border:2px solid #fff;border-radius:28px;background:#0f766e;color:#fff;font:600 17px/1.3 system-ui,-apple-system,"PingFang SC","Microsoft YaHei",sans-serif;cursor:pointer;box-shadow:0 4px 16px rgba(0,0,0,.25)}
button:focus-visible{outline:3px solid #0f766e;outline-offset:3px}
div{position:fixed;right:16px;bottom:80px;z-index:2147483000;width:380px;height:min(640px,calc(100vh - 100px));border-radius:14px;overflow:hidden;background:#fff;box-shadow:0 8px 40px rgba(0,0,0,.3)}
iframe{display:block;width:100%;height:100%;border:0}
[hidden]{display:none}
@media (max-width:480px){button[aria-expanded=true]{display:none}div{inset:0;width:auto;height:auto;border-radius:0}}
@media (prefers-reduced-motion:no-preference){div{animation:up .15s ease-out}@keyframes up{from{transform:translateY(12px)}}}`);
  root.adoptedStyleSheets = [sheet];
  const make = (name, more) => Object.assign(document.createElement(name), more);
  const button = make("button", { type: "button" });
  const box = make("div", { hidden: true });
  let frame;
  let hasNews = false;
  let isReady = false;
  let token = given.token || "";
  const isOpen = () => !box.hidden;
  const post = (lianxin) => isReady && frame.contentWindow.postMessage({ lianxin, token }, origin);

  function label() {
    button.setAttribute("aria-expanded", String(isOpen()));
    button.textContent = isOpen() ? shut : hasNews ? `${ask} · ${news}` : ask;
  }
  function open() {
    if (!frame) {
      frame = make("iframe", { title: ask, referrerPolicy: "origin" });
      frame.setAttribute("sandbox", "allow-scripts allow-same-origin allow-forms allow-modals allow-popups allow-popups-to-escape-sandbox");
      frame.src = `${origin}/p/chat/${encodeURIComponent(given.account)}/frame/?language=${language}`;
      box.append(frame);
    }
    hasNews = false;
    box.hidden = false;
    label();
    frame.focus();
    post("opened");
  }
  function close() {
    box.hidden = true;
    label();
    button.focus();
  }
  // Who signs in or out on the site without a new page gives the new signature, or none.
  function sign(signature) {
    token = signature || "";
    post("sign");
  }
  window.addEventListener("message", (event) => {
    if (!frame || event.source !== frame.contentWindow || event.origin !== origin) return;
    const { lianxin } = event.data;
    if (lianxin === "ready") isReady = true;
    if (lianxin === "ready") ["hello", "opened"].forEach(post);
    if (lianxin === "close" && isOpen()) close();
    if (lianxin === "answer" && !isOpen()) {
      hasNews = true;
      label();
    }
  });
  button.addEventListener("click", () => (isOpen() ? close() : open()));
  label();
  root.append(box, button);
  const show = () => document.body.append(host);
  if (document.body) show();
  else document.addEventListener("DOMContentLoaded", show);
  window.LianxinChat = { open, close, sign };
})();
