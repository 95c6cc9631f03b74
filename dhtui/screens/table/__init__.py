"""Table: the routing table."""
