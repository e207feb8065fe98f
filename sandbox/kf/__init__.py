"""WeChat customer service: accounts, sessions, sync and send."""
