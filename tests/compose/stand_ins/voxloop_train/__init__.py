"""Stands in for the service in tests of the supervisor."""
