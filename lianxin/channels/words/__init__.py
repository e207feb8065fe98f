"""What is shown of channels, in sentences: one module per thing that is talked about."""
