"""Lookups that are inferred: what any client asked, whom, and who named whom."""
