"""When somebody leaves or changes their work: whose their contacts and their work become."""
