"""A simulated annotator who is led from place to place."""
