"""Why something happened to a node, as a value. Its sentences are in `text.node.details`."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple, Self


class DetailKind(StrEnum):
    """Why something happened. The values are stable: JSON and recordings have them."""

    SILENT_NODE = "silent_node"
    """A node left the table, as did those of the next kinds."""
    NEW_ID = "new_id"
    OTHER_ID = "other_id"
    """It answered under another id than it had."""
    MADE_ROOM = "made_room"
    """For one whose id fits its address."""
    THIS_NODE = "this_node"
    ECHO = "echo"
    BANNED_NODE = "banned_node"
    BLOCKED_NODE = "blocked_node"

    BY_USER = "by_user"
    """An address was banned."""
    LIFTED = "lifted"
    """By the user: a ban."""
    FITS_ADDRESS = "fits_address"
    """We took an id that fits the external address (BEP 42)."""

    NO_STRANGER = "no_stranger"
    """Reachability: nobody has contacted us unasked."""
    ON_LOOPBACK = "on_loopback"
    NEW_EXTERNAL = "new_external"
    NEW_ADDRESS = "new_address"
    STRANGER_ASKED = "stranger_asked"
    PROBE_CAME = "probe_came"
    LAPSED = "lapsed"
    """Nothing has shown it for `number` minutes."""
    UNTESTED = "untested"
    """`name` is the reason; nor would a probe tell, as it would not leave this machine."""
    NOTHING_CAME = "nothing_came"

    ASKED_FOR = "asked_for"
    """Read-only, or not: by the settings."""
    TURNED_OFF = "turned_off"
    REACHED = "reached"
    MAYBE_REACHED = "maybe_reached"
    NO_NAT = "no_nat"
    """The external address is one of this machine's own."""
    UNTIL_REACHED = "until_reached"

    NO_HOSTS = "no_hosts"
    """Bootstrap: there is nobody to start from."""
    ASKING_SAVED = "asking_saved"
    """`number` saved nodes."""
    ASKING_HOSTS = "asking_hosts"
    COMPARING = "comparing"
    """Saved nodes and hosts: whether they lead to one network."""
    HOSTS_DISBELIEVED = "hosts_disbelieved"
    SAVED_FORGOTTEN = "saved_forgotten"
    ANSWERED = "answered"
    """`number` nodes did."""
    NOBODY_ANSWERED = "nobody_answered"
    """`name`: of each source its name, and its own detail or state."""
    SURVEY = "survey"
    """It begins, with up to `number` queries."""
    SURVEY_OVER = "survey_over"

    NOT_NEEDED = "not_needed"
    """Of a source of the bootstrap, as the next kinds."""
    RESOLVING = "resolving"
    UNRESOLVED_LATE = "unresolved_late"
    """Within `number` seconds."""
    UNRESOLVED = "unresolved"
    """`name`: the message of the system."""
    OTHER_FAMILY = "other_family"
    """It has addresses of the family `name` only."""
    ANSWERED_OF = "answered_of"
    """`number` of `of`."""
    ANSWERED_IN = "answered_in"
    """`number` milliseconds."""
    OTHER_NETWORK = "other_network"
    LISTED = "listed"
    """It is on the blocklist."""
    NO_ANSWER = "no_answer"

    QUERY_UNANSWERED = "query_unanswered"
    """`name`: its method."""
    QUERY_REFUSED = "query_refused"
    """With the code `number`, if it is known."""
    NOT_ANSWERED = "not_answered"
    """In a capture: `name` is the method."""
    UNASKED = "unasked"
    """An answer that no query of ours waits for."""
    OWN_ID_QUERY = "own_id_query"
    BEYOND_RATE = "beyond_rate"
    """`name` queries a second."""
    QUOTA = "quota"
    """Our replies have used up their bytes; `name`: what the reply would have been."""
    UNANSWERED_READ_ONLY = "unanswered_read_only"
    """`name`: the refusal that was not sent, being read-only."""


_KINDS: Final = {kind.value: kind for kind in DetailKind}
_FORM: Final = r"([a-z_]+)(?: (\d{1,9}))?(?: (\d{1,9}))?(?:: (.*))?"
"""Compiled when it is first used: few runs need it."""


class Detail(NamedTuple):
    """Why something happened, with its numbers and a name."""

    kind: DetailKind
    number: int | None = None
    of: int | None = None
    name: str = ""

    def __str__(self) -> str:
        """Its stable form: ``no_hosts``, ``answered_of 9 12``, ``unresolved: no such host``."""
        numbers = "".join(f" {number}" for number in (self.number, self.of) if number is not None)
        return f"{self.kind}{numbers}{f': {self.name}' if self.name else ''}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The detail of a stable form; `None` for any other text."""
        found = re.fullmatch(_FORM, text, re.DOTALL)
        kind = _KINDS.get(found[1]) if found else None
        if found is None or kind is None:
            return None
        number, of = (None if part is None else int(part) for part in found.group(2, 3))
        return cls(kind, number, of, found[4] or "")
