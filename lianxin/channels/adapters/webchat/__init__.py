"""The built-in web chat: no provider, nothing to set up."""
