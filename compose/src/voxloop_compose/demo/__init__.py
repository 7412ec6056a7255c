"""The demo volume, and the loop run on it without a browser."""
