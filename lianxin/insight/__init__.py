"""Numbers about the care: each with its definition, from the very rows the rooms below keep."""
