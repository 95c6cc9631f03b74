"""What a run says of itself, of recordings, and of cases of conformance."""
