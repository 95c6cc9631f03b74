"""dhtui: a terminal explorer for the BitTorrent Mainline DHT."""

__version__ = "0.1.0"
