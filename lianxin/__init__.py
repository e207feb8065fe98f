"""Lianxin 连心: the patient private-domain platform."""
