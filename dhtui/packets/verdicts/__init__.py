"""What is right, wrong or worth a word about a packet."""
