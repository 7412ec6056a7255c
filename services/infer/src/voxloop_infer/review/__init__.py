"""Review: which places of a volume a person should look at next."""
