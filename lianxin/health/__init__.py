"""Readings, thresholds, alerts and medicines: what the patient measures and who must act on it."""
