"""BEP 44 items as people handle them: values, files, conflicts, read-back, keep-alive."""
