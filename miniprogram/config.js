// Where this hospital's Lianxin answers, and the key of its mini-program account (Settings → Channels).
// Both are public. The AppSecret stays in Lianxin and never stands here.
module.exports = { origin: "https://lianxin.hospital.example", account: "account-key" };
