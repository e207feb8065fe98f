// Who it is, what to open, and the one button by which WeChat lets a reminder be sent.
Page({
  data: { home: null, error: "" },
  onLoad({ to }) {
    // A reminder or a link leads to one page of ours: `to` is its path.
    if (to) this.open(decodeURIComponent(to));
  },
  onShow() {
    getApp().ask("GET", "home").then(
      (home) => this.setData({ home, error: "" }),
      (told) => this.setData({ error: told.error || "没有打开，请稍后再试。" }),
    );
  },
  onPage({ currentTarget }) {
    this.open(currentTarget.dataset.path);
  },
  open(path) {
    wx.navigateTo({ url: `/pages/view/index?to=${encodeURIComponent(path)}` });
  },
  onRemind() {
    // Only a tap may ask. What was answered is told to Lianxin by WeChat itself, and counted there.
    const tmplIds = this.data.home.reminders.map((one) => one.template_id);
    wx.requestSubscribeMessage({ tmplIds, complete: () => this.onShow() });
  },
});
