const { origin, account } = require("./config");

// Asks Lianxin. Signs in first where there is no session, and once more when it has ended.
function ask(method, name, data, isAgain) {
  const app = getApp();
  const ready = app.token ? Promise.resolve() : signIn();
  return ready.then(() => call(method, name, data)).catch((told) => {
    if (told.status !== 401 || isAgain) throw told;
    app.token = "";
    return ask(method, name, data, true);
  });
}

function call(method, name, data) {
  return new Promise((resolve, reject) => {
    wx.request({
      url: `${origin}/api/v1/mini/${account}/${name}/`,
      method,
      data,
      header: { Authorization: `Bearer ${getApp().token}` },
      success: ({ statusCode, data: told }) => (statusCode < 400 ? resolve(told) : reject(told)),
      fail: () => reject({ status: 0, error: "没有网络，请稍后再试。" }),
    });
  });
}

function signIn() {
  return new Promise((resolve, reject) => wx.login({ success: resolve, fail: reject }))
    .then(({ code }) => call("POST", "sessions", { code }))
    .then(({ token }) => { getApp().token = token; });
}

App({ token: "", ask });
