"""What a node tells of itself: events, snapshots, statistics."""
