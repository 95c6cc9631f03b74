"""Other implementations of the DHT on loopback, and dhtui among them."""
