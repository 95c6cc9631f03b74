"""A node as the screens read it, live or replayed; and its recordings."""
