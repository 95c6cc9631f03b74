"""The packet inspector without a screen: what went over the wire, kept, filtered, taken apart and judged."""
