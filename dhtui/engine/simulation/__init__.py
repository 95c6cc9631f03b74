"""A network in virtual time, of the cores that ship: honest nodes, liars and attackers."""
