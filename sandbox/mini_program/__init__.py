"""Mini-program: sign-in codes, one-time subscriptions, links for one person, customer messages."""
