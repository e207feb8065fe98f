"""Decisions about consent and wording, as plain functions over values."""
