"""What a patient has agreed to, what may be said to them, and how they are forgotten."""
