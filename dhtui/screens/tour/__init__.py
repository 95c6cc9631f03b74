"""The tour in the explorer: its card, what it sees, and the window in which two ids are compared."""
