"""Files of ours: written atomically, locked, read so that nothing hangs."""
