"""Learners and their peers on the same strokes."""
