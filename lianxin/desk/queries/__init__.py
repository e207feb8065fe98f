"""Reads over many rooms, in a fixed number of queries per page."""
