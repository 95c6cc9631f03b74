"""Which address families a node uses, and where it listens in each: from --listen, --family and --testnet."""

from __future__ import annotations

from typing import Literal, TypeAlias

from ..engine.wire.address import read_ip
from ..engine.wire.compact import Addr
from ..engine.wire.family import FAMILIES, IPV4, IPV6, Family, family_of
from ..errors import UsageError
from ..options.addresses import HostPort
from ..options.options import Options

FamilyWord: TypeAlias = Literal["4", "6", "both"]
_WORDS: dict[FamilyWord, tuple[Family, ...]] = {"4": (IPV4,), "6": (IPV6,), "both": FAMILIES}


def places(options: Options) -> tuple[Addr, ...]:
    """Where to listen, one address for each family that is wanted, IPv4 first. Raises `UsageError`.

    A wildcard address is bound if the machine has its family.
    """
    wanted = next((families for word, families in _WORDS.items() if word == options.family), None)
    if options.listen is None:
        wanted = wanted or ((IPV4,) if options.testnet else FAMILIES)
        return tuple((family.loopback if options.testnet else family.anywhere, 0) for family in wanted)
    named = {family_of(addr[0]): addr for addr in options.listen}
    if wanted is None:
        wanted = (IPV4,) if options.testnet and IPV4 in named else tuple(named)
    for family in wanted:
        if family not in named:
            raise UsageError(f"--listen names no {family.name} address, which --family {options.family} needs")
    return tuple(named[family] for family in wanted)


def family_word(addrs: tuple[Addr, ...]) -> FamilyWord:
    """The families of some addresses as --family has them."""
    families = tuple(family for family in FAMILIES if any(family_of(addr[0]) is family for addr in addrs))
    return next(word for word, these in _WORDS.items() if these == families)


def public_addresses(options: Options, listen: tuple[Addr, ...]) -> tuple[Addr, ...]:
    """Our public addresses in the families in which we listen; where only the ip was given, the port that we listen on
    is the likeliest. Raises `UsageError` for a --pip that is of none of them."""
    found = []
    for place in listen:
        for ip, port in options.pip or ():
            if family_of(ip) is family_of(place[0]):
                found.append((ip, port or place[1]))
    if options.pip and not found and "pip" in options.given:
        names = " and ".join(family_of(ip).name for ip, _ in listen)
        raise UsageError(f"--pip names no address of {names}, which is all that this node uses")
    return tuple(found)


def leaves_loopback(options: Options, remotes: tuple[HostPort, ...] | None) -> bool:
    """Whether packets may go to other machines."""
    if options.testnet or all(_is_loopback(host) for host, _ in places(options)):
        return False
    if remotes is not None:
        return not all(_is_loopback(remote.host) for remote in remotes)
    if options.bnodes == "no":
        return False
    hosts = options.bnodes if isinstance(options.bnodes, tuple) else ()
    return not hosts or not all(_is_loopback(name.rpartition(":")[0].strip("[]")) for name in hosts)


def _is_loopback(host: str) -> bool:
    try:
        ip = read_ip(host)
    except ValueError:
        return host == "localhost"
    return family_of(ip).is_loopback(ip)
