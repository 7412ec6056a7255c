"""The page in the browser, and the only writer of labels."""

__version__ = "0.1.0"
