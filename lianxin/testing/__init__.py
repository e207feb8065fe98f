"""Test helpers, one file per room, so that they obey the same order as the rooms do."""
