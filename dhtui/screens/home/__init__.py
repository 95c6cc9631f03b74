"""Home: does the node work, and what does it do?"""
