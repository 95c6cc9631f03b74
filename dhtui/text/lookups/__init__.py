"""A lookup that is taken apart, in words. Times are handed in as texts."""
