"""Datagrams in and out: our own queries with their answers, and the queries of others with our replies."""
