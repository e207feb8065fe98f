"""Care journeys: versioned SOPs, who is on them, and the steps that are due."""
