"""Learners: ways to train."""
