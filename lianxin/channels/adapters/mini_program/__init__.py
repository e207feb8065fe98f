"""WeChat mini-program (小程序): sign-in codes, one-time subscriptions, links, customer messages."""
