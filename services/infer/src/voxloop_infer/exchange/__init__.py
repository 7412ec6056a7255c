"""Models written so that other programs can run them."""
