"""Networks: built from plain settings, stored as safetensors, run on whatever device there is."""
