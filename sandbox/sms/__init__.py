"""The text message gateway (Tencent Cloud SMS API 3.0)."""
