"""A network in virtual time of real cores: honest nodes, lying nodes and attackers."""
