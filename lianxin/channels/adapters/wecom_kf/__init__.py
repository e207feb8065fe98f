"""WeChat customer service (微信客服): messages both ways inside 48 hours."""
