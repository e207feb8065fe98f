"""WeCom (企业微信): contacts, welcome, staff-confirmed tasks, notices to staff."""
