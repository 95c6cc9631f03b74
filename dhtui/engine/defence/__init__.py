"""The defences against attackers: shares by prefix, bans, blocked ranges, smaller replies."""
