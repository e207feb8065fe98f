"""The page at /: a phone and the panels beside it."""
