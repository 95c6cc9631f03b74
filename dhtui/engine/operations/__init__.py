"""What callers ask of a node, under way: direct queries, batches, stores; whose turn it is, and when it ends."""
