"""DNS records of many keys: read from a zone file, CSV or JSON, and packed as pkarr publishes them."""

from .pkarr import packet
from .rows import MAX_BYTES, MAX_KEYS, RecordsError, Row
from .table import rows_of

__all__ = ["MAX_BYTES", "MAX_KEYS", "RecordsError", "Row", "packet", "rows_of"]
