"""What keeps a node in the network: the way in, its id and address, pings and refreshes."""
