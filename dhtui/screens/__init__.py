"""One screen, one module and one stylesheet."""
