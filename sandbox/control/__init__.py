"""The control API: set-up, human acts, clock, faults, and looking inside."""
