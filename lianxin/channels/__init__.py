"""Channels know providers, accounts and addresses: what comes in, what goes out, never who."""
