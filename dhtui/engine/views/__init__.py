"""The views of a node's state: events, snapshots, statistics."""
