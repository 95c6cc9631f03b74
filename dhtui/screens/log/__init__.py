"""Log: what happened, and what went wrong by cause."""
