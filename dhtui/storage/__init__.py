"""The program's files: written atomically, locked, and read without blocking."""
