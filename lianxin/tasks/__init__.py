"""Work that a person must do for a patient: calls, human follow-up, checks."""
