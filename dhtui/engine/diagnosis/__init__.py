"""Diagnosis: what is the matter with a node, or with the surroundings of a target. Pure functions to values."""
