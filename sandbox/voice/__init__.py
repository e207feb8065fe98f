"""The voice message service (Tencent Cloud VMS): telephones that ring."""
