"""The registry: names and versions of models, their aliases, and their weights."""

__version__ = "0.1.0"
