"""The operations of callers: their requests, their turns, their runs and their ends."""
