"""Text messages by Tencent Cloud SMS; for now verification codes only."""
