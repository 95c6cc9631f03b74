"""`--open FILE --do packets|lookups`: a capture read, and told as text and as JSON."""
