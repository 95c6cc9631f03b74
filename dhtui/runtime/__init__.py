"""From options to a running node with recorder, keeper and state lock, for both front ends; signals and threads."""
