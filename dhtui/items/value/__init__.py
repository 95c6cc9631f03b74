"""The values of items: written by people in four forms, shown to them in four, and recognised for what they are."""

from .forms import FORMS, FormError, Preview, preview, to_bencode
from .recognise import DnsPacket, Torrent, recognise
from .views import VIEWS, view_lines

__all__ = [
    "FORMS",
    "VIEWS",
    "DnsPacket",
    "FormError",
    "Preview",
    "Torrent",
    "preview",
    "recognise",
    "to_bencode",
    "view_lines",
]
