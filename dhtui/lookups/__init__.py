"""The course of a lookup: drawn, explained, compared. Pure: engine snapshots in, values and lines out."""
