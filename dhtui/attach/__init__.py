"""A running node for other programs of the same user: over a unix socket, its state live, and its commands."""
