"""Tags and filters of the frames."""
