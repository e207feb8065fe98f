"""The frames every page stands in: console, patient phone, errors, components, live updates."""
