"""Decisions about journeys as plain functions over values: no clock, no tables."""
