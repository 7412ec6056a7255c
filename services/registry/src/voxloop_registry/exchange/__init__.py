"""Models leaving the registry as packages, and packages becoming versions."""
