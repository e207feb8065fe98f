"""Who our patients are, who holds the phone for them, and when everything must stop."""
