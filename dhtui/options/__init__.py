"""The command line, its environment and config.toml: read into options, made into a request, and explained."""
