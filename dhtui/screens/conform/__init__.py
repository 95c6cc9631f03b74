"""The window that tests a node against the rules of the BEPs."""
