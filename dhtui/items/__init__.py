"""BEP 44 items for the user: values, files, conflicts, read-back, keep-alive."""
