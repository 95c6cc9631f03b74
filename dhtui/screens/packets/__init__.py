"""Packets: the last ones, taken apart and judged."""
