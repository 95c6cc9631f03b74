"""The testnet with the life of the internet."""
