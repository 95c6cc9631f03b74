"""The DHT engine: no terminal, no command line, no files."""
