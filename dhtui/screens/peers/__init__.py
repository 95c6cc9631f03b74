"""Peers: stored, announced, found."""
