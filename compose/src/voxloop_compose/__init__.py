"""The `voxloop` command: starts the stack, supervises it, and drives it from a terminal."""

__version__ = "0.1.0"
