"""The command bar: what can be typed, how it could go on, and what does it."""
