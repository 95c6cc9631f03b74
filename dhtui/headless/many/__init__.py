"""One action for many targets: read, checked, carried out side by side, told as they come, and remembered."""
