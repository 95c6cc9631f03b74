"""The lookup of Kademlia: the algorithm, whom it asks and why, how answers are judged, and what is recorded."""
