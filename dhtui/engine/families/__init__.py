"""A node in one or both address families: a side for each, wishes that run on both, and what is told of both."""
