"""Console pages of this room."""
