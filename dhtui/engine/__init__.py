"""The DHT engine, without terminal, command line and files.

Its public API for the rest of the program (the API for other programs is exported by `dhtui`):

- `node`: `Node`, a node on a real socket, and `NodeError`. Its methods take and give the values below.
- `settings`: `NodeConfig`, `Settings`, `SavedState`. Each is checked when it is made.
- `items` and `keys`: BEP 44 items, drafts and keys.
- `outcome`: `Outcome` and `NodeOutcome`, the results of an operation.
- `views.snapshot`: the state of a node as frozen values; `views.statistics`: sizes and bounds; `views.events`: events.
- `operations.limit`: `Limit`, a time at which operations of a caller end.
- `defence.blocklist`: blocklists.
- `wire`: bencode, ids, addresses and messages.

`core` has the engine without a socket and a clock: `Core`, with the requests of `operations.requests`. `simulation`
runs many cores in virtual time. All other modules are private to the engine. Import the modules themselves: this
package imports none of them, so that each program loads only what it uses.
"""
