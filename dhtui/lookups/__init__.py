"""The course of a lookup: drawn, explained and compared. Pure functions from engine snapshots to values and lines."""
