"""Who works here: staff, roles, departments, care teams, the duty roster, signing in."""
