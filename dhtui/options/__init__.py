"""The command line and config.toml, read into checked options; help and completions."""
