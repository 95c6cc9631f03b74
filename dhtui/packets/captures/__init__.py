"""Captures of other programs' packets (pcap, pcapng): which of them are KRPC, who asked whom, and inferred lookups.

All of it is pure: bytes go in as they come, from a file or from a pipe, and values come out. Files may be hostile. Each
table is bounded, and what is wrong with a file is a value too, see `damage`.
"""
