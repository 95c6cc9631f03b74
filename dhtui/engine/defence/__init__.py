"""What holds attackers off: shares by prefix, bans, blocked ranges, smaller replies."""
