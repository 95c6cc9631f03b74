"""What came of an action, as values, and in words."""
