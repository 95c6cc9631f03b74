"""What an action says beside its result: of keys, of named nodes, of a census under way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final

PUBLIC_KEY: Final = "is the test key printed in BEP 44: anybody can sign with it"
"""Behind the name of a key."""
GOOD_SIGNATURE: Final = "the signature is good"
MAX_NAMED: Final = 5
"""Most keys that a warning names."""


def public_put_words(name: str) -> str:
    """A put with a key that everybody has."""
    return f"{name} {PUBLIC_KEY}, and replace what is put with it"


def exposed_key_words(key: str, readers: str) -> str:
    """A private key that others can read."""
    return f"the private key {key} can be read by {readers}: chmod 600 its file"


def exposed_file_words(what: str, path: str, readers: str) -> str:
    """A file with a secret that others can read."""
    return f"the {what} in {path} can be read by {readers}: chmod 600 it"


def exposed_keys_words(names: Sequence[str]) -> str:
    """Several keys that others can read."""
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"private keys can be read by others ({', '.join(names[:MAX_NAMED])}{more}): chmod 600 their files"


def passphrase_prompt(key: str, *, new: bool) -> str:
    """What asks for a passphrase in the terminal."""
    return f"{'New passphrase' if new else 'Passphrase'} of the key {key}: "


PASSPHRASE: Final = "a passphrase"
NEW_PASSPHRASE: Final = "a new passphrase"
AGAIN_PROMPT: Final = "The same again: "


def last_seq_words(seq: int) -> str:
    """What to know about the highest seq there is."""
    return f"seq {seq} is the highest there is: nothing can ever replace this value"


def nothing_kept_words(target: bytes) -> str:
    """No item is kept alive there."""
    return f"nothing is kept alive at {target.hex()}: --do kept lists what is"


# ---- signatures -----------------------------------------------------------------------------------------


class SignatureFault(StrEnum):
    """Why a signed item is not what it should be. The values are stable: JSON has them."""

    FORGED = "forged"
    OTHER_KEY = "other_key"
    OTHER_TARGET = "other_target"


SIGNATURE_FAULTS: Final = {
    SignatureFault.FORGED: "the signature does not hold for this value, seq, salt and public key",
    SignatureFault.OTHER_KEY: "it is signed, but by another key, {key}",
    SignatureFault.OTHER_TARGET: "it is signed, but for another target, {target}",
}
"""Why it is not what it should be, a clause."""


def signature_words(fault: SignatureFault | None, key: bytes, target: bytes) -> str:
    """Whether a signed item is what it should be, a clause."""
    return GOOD_SIGNATURE if fault is None else SIGNATURE_FAULTS[fault].format(key=key.hex(), target=target.hex())


# ---- nodes that were named ------------------------------------------------------------------------------


class Unusable(StrEnum):
    """Why a node that was named has no address that can be used."""

    UNRESOLVED = "unresolved"
    NO_ADDRESS = "no_address"
    IS_OF_FAMILY = "is_of_family"
    """It is an address of a family that this node is not in."""
    HAS_FAMILIES = "has_families"
    """Its name has addresses of such families only."""
    THIS_NODE = "this_node"


UNUSABLE: Final = {
    Unusable.UNRESOLVED: "can't be resolved: {problem}",
    Unusable.NO_ADDRESS: "has no address that can be used",
    Unusable.IS_OF_FAMILY: "is an {found} address, and this node is in {ours} only",
    Unusable.HAS_FAMILIES: "has {found} addresses only, and this node is in {ours} only",
    Unusable.THIS_NODE: "is this node itself",
}
"""Why a node can't be asked, behind its name."""


class NoAddress:
    """Why a node that was named can't be asked."""

    def __init__(
        self, why: Unusable, problem: str = "", found: tuple[str, ...] = (), ours: tuple[str, ...] = ()
    ) -> None:
        """`problem`: the message of the system. `found`: the families of its addresses, `ours`: those of this node."""
        self.why, self.problem, self.found, self.ours = why, problem, found, ours

    def __str__(self) -> str:
        """In words, to go behind its name."""
        return UNUSABLE[self.why].format(problem=self.problem, found=_and(self.found), ours=_and(self.ours))


def _and(names: Iterable[str]) -> str:
    return " and ".join(names)


def nobody_words(problems: Iterable[str]) -> str:
    """None of the named nodes can be asked."""
    return f"there is nobody to ask: {'; '.join(problems)}"


# ---- a census -------------------------------------------------------------------------------------------


def block_words(
    family: str, block: int, blocks: int, nodes: int, visited: int, so_far: tuple[float, float, float]
) -> str:
    """A block of a census is done. `family`: its name with a colon, where there are two. `so_far`: nodes of the
    network, and the bounds of the estimate."""
    value, low, high = so_far
    found = f"{family}block {block} of {blocks}: {nodes} of {visited} nodes answered"
    return f"census: {found}; so far {value:.0f} nodes in the network ({low:.0f} to {high:.0f})"


def resumed_words(path: str, family: str, walked: int, blocks: int, *, done: bool) -> str:
    """A census that is gone on with."""
    finished = ", it is finished: nobody is asked again" if done else ""
    return f"census: {path}: {family}{walked} of {blocks} blocks are walked{finished}"


def census_warning_words(warning: str) -> str:
    """What is wrong with the file of a census."""
    return f"census: {warning}"
