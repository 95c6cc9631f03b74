"""The tour of eight cards: what each says, when it is done, how far one is. Knows no Textual."""

from .cards import CARDS, Card, Part
from .progress import Progress, load, save
from .scene import Scene
from .tour import Tour

__all__ = ["CARDS", "Card", "Part", "Progress", "Scene", "Tour", "load", "save"]
