"""What patients write and what they are answered: threads, messages, service clock, the inbox."""
