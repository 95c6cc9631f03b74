"""The values of items: four input forms, four views, and the recognition of known contents."""

from .forms import FORMS, FormError, Preview, preview, to_bencode
from .recognise import DnsPacket, Torrent, pointer, recognise
from .views import VIEWS, view_lines

__all__ = [
    "FORMS",
    "VIEWS",
    "DnsPacket",
    "FormError",
    "Preview",
    "Torrent",
    "pointer",
    "preview",
    "recognise",
    "to_bencode",
    "view_lines",
]
