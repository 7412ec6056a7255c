"""What users would pick instead: each a script of its own, which may run in another environment."""
