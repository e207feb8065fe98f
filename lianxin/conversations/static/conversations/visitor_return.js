// Hands the talk back to the chat window that opened this page, which is a page of ours too.
(function () {
  "use strict";
  const { account, token } = document.getElementById("lx-return").dataset;
  if (!window.opener) return;
  window.opener.postMessage({ lianxin: "token", account, token }, window.location.origin);
  window.close();
})();
