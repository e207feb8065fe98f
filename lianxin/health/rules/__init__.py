"""Decisions about readings and alerts, as plain functions over values; every number is data."""
