"""A capture of other programs' packets as a source: the screens read it like a recording, from the view of one node."""
