"""From options to a running node, for both front ends: start, save, swap, close."""
