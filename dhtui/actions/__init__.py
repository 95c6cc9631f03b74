"""What can be asked of a node or a keyring, and the checked request for it."""
