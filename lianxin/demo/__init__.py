"""The demo: everything on one machine, two invented hospitals, a phone to play the patient."""
