"""A census of the network: a walk through parts of the id space, and what it tells about the whole."""
