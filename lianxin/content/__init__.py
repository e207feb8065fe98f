"""Reviewed content: items, revisions, reviews, and who opened which page."""
