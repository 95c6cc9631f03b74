"""BEP 44: what a node puts into our network, if it is made to put anything."""

from __future__ import annotations

from ..case import M, S, case
from ..messages import Asked
from ..outcomes import Need, Skip, Why
from ..probe import Probe


def _puts(probe: Probe) -> list[Asked]:
    """The puts that came to our nodes. Raises `Skip` if there are none."""
    found = [asked for asked in probe.network.asked if asked.method == "put"]
    if not found:
        raise Skip(Why.NOTHING_SEEN, "it put nothing")
    return found


@case("44.38", "CAS", S, "A writer sends cas to no node that showed no value.", needs=(Need.NETWORK,))
async def no_cas_without_a_value(probe: Probe) -> None:
    for asked in _puts(probe):  # our nodes show none
        probe.check(b"cas" not in asked.args, "no cas to a node that showed no value", "a put with cas")


@case("44.39", "put message", M, "A writer puts with a token of the node that it writes to.", needs=(Need.NETWORK,))
async def token_of_that_node(probe: Probe) -> None:
    network = probe.network
    for asked in _puts(probe):
        right = asked.args.get(b"token") == network.token(network.at[asked.ours], asked.theirs[0])
        probe.check(right, "the token of the node that it writes to", "another one")
