"""The one gate to a patient: intents, verdicts, deliveries, cards and staff confirmations."""
