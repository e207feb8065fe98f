"""Tests over real HTTP against a running sandbox process."""
