"""The providers, simulated over HTTP from their public documents; knows nothing of the product."""
