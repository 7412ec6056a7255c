"""What every voxloop service shares. Heavy parts live behind extras: `api`, `data`, `nets`."""

__version__ = "0.1.0"
