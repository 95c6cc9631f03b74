"""`--do`: run an action, follow it up, print what came of it as text or JSON."""
