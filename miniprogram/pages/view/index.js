// The patient pages in a web-view: let in by a pass that works once, within a minute.
Page({
  data: { url: "", error: "" },
  onLoad({ to }) {
    getApp().ask("POST", "passes", { to: decodeURIComponent(to || "/p/") }).then(
      ({ url }) => this.setData({ url }),
      (told) => this.setData({ error: told.error || "没有打开，请返回再试。" }),
    );
  },
});
