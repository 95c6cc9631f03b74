"""A network of real nodes on loopback, in this process; with or without the life of the internet."""

from .life import HONEST, LATENCIES, MAX_LOSS, Life, most_liars
from .swarm import MAX_SIZE, ONLY, Testnet
from .things import NAMES, SALTS, TEXTS

__all__ = [
    "HONEST",
    "LATENCIES",
    "MAX_LOSS",
    "MAX_SIZE",
    "NAMES",
    "ONLY",
    "SALTS",
    "TEXTS",
    "Life",
    "Testnet",
    "most_liars",
]
