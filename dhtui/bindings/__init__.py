"""The actions of the explorer and their keys: pure data."""
