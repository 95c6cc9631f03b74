"""The DHT engine: no terminal, no command line, no files.

Its public API for the rest of the program (what other programs need of it, `dhtui` exports):

- `node`: `Node`, a node on a real socket, and `NodeError`. Its methods take and give the values below.
- `settings`: `NodeConfig`, `Settings`, `SavedState`. Each is checked when it is made.
- `items` and `keys`: BEP 44 items, drafts and keys.
- `outcome`: `Outcome` and `NodeOutcome`, what came of an operation.
- `snapshot`: the state of a node as frozen values; `statistics`: how full everything is; `events`: what happens.
- `operations.limit`: `Limit`, when a caller gives up.
- `defence.blocklist`: blocklists.
- `wire`: bencode, ids, addresses and messages.

Without a socket and a clock there is `core`: `Core`, with the records of `operations.requests`. `simulation` runs many
of them in virtual time. All else is private to the engine. Import the modules themselves: this package imports none of
them, so that each program loads only what it uses.
"""
