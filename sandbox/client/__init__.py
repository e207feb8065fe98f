"""A member's WeCom: a chat with a customer, and the hospital's page beside it."""
