"""WeChat Official Account (公众号): followers, messages, templates."""
