"""How a number may be shown: what is too few, what is too unsure, what is nothing at all."""
