"""Decisions about content as plain functions over values."""
