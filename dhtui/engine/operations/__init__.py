"""What callers ask of a node, under way: the requests, the operations made of them, their turns and their ends."""
