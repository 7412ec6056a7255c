"""The binary and JSON routes under `api/`."""
