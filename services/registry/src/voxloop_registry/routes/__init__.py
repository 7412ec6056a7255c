"""The registry's routes, one file per topic."""
