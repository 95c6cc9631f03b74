"""The Kademlia lookup: the algorithm, its decisions, the validation of answers, and the journal."""
