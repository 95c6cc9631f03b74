"""What happens to a node, in words."""
