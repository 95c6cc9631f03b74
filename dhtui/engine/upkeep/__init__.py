"""Upkeep of a node: bootstrap, its id and address, pings and refreshes."""
