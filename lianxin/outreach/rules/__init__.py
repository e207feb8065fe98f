"""Decisions about reaching a patient: values in, verdicts out."""
