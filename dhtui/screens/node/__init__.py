"""The page of one node: all that is known of it, and any question to it."""
