"""The pages of the channels: one module per noun."""
