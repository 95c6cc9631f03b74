"""The actions that need no node: carried out, and told as text and as JSON."""
