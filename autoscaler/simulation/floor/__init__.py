"""One run of a scenario in virtual time."""
