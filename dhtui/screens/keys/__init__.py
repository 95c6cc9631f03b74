"""Keys: the keyring, and all that can be done with it."""
