"""The tour on the screen."""
