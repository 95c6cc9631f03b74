"""A node's figures for monitoring: Prometheus' text format, over HTTP on loopback."""
