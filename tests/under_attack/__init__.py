"""The installed program under attack, in a network namespace of its own where every address is public.

A test starts `scenarios` there (see `namespace`); honest nodes, attackers and the program under attack all run in it,
at addresses all over the world. What came of it is printed as JSON, and the test judges that.
"""
