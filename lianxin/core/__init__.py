"""What every room stands on: hospital, journal, access log, keys, clock, scope, errors, jobs."""
