"""Decisions about threads and messages, pure."""
