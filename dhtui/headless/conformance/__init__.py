"""conform without the explorer: the run, its text, its reports and its recordings."""
