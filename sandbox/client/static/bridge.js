// What the WeCom client puts into every page inside it: its name in the user agent, and a bridge.
// The calls go to the page around this one, which plays the client; nobody else is asked or heard.
(function () {
  "use strict";
  if (window.parent === window) return;
  const client = new URL(document.currentScript.src).origin;
  const agent = `${navigator.userAgent} wxwork/4.1.36 MicroMessenger/7.0.1`;
  Object.defineProperty(navigator, "userAgent", { get: () => agent });
  const waiting = new Map();
  let last = 0;

  window.WeixinJSBridge = {
    invoke(name, params, done) {
      last += 1;
      waiting.set(last, done);
      const plain = JSON.parse(JSON.stringify(params || {}));
      const page = window.location.href;
      window.parent.postMessage({ bridge: "call", id: last, name, params: plain, page }, client);
    },
    on() {},
  };

  window.addEventListener("message", (event) => {
    if (event.origin !== client || event.source !== window.parent) return;
    const { bridge, id, result } = event.data || {};
    if (bridge !== "answer" || !waiting.has(id)) return;
    const done = waiting.get(id);
    waiting.delete(id);
    if (done) done(result);
  });
  document.dispatchEvent(new Event("WeixinJSBridgeReady"));
})();
