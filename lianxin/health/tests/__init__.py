"""Facts about health pages, rules and alerts."""
