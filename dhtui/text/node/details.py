"""Why something happened to a node, in words: part of a sentence for each value."""

from __future__ import annotations

from typing import Final

from ...engine.views.details import Detail, DetailKind
from ..format import plural

DETAIL_WORDS: Final[dict[DetailKind, str]] = {
    DetailKind.SILENT_NODE: "did not answer",
    DetailKind.NEW_ID: "changed its id",
    DetailKind.OTHER_ID: "answered under another id",
    DetailKind.MADE_ROOM: "made room for an id that fits its address",
    DetailKind.THIS_NODE: "it is this node itself",
    DetailKind.ECHO: "it sent our own query back",
    DetailKind.BANNED_NODE: "banned by the user",
    DetailKind.BLOCKED_NODE: "blocklist",
    DetailKind.BY_USER: "by the user",
    DetailKind.LIFTED: "lifted by the user",
    DetailKind.FITS_ADDRESS: "to fit the external address (BEP 42)",
    DetailKind.NO_STRANGER: "no stranger has contacted us yet",
    DetailKind.ON_LOOPBACK: "bound to loopback: everybody on this host reaches it",
    DetailKind.NEW_EXTERNAL: "the external address is new",
    DetailKind.NEW_ADDRESS: "the address is new",
    DetailKind.STRANGER_ASKED: "a node that we never contacted asked us something",
    DetailKind.PROBE_CAME: "our own probe came back through the external address",
    DetailKind.LAPSED: "nothing has shown it for {number} minutes",
    DetailKind.UNTESTED: "{name}; our own probe would not leave this machine",
    DetailKind.NOTHING_CAME: "no datagram has come in yet",
    DetailKind.ASKED_FOR: "asked for",
    DetailKind.TURNED_OFF: "turned off by the settings",
    DetailKind.REACHED: "strangers reach us",
    DetailKind.MAYBE_REACHED: "strangers may reach us",
    DetailKind.NO_NAT: "no NAT is in the way, though a firewall may be",
    DetailKind.UNTIL_REACHED: "until we know that strangers reach us",
    DetailKind.NO_HOSTS: "no bootstrap nodes were given",
    DetailKind.ASKING_SAVED: "asking {number} saved nodes",
    DetailKind.ASKING_HOSTS: "asking {number} bootstrap hosts",
    DetailKind.COMPARING: "comparing with what the bootstrap hosts lead to",
    DetailKind.HOSTS_DISBELIEVED: "the bootstrap hosts lead to a much smaller network than the saved nodes: "
    "not believed",
    DetailKind.SAVED_FORGOTTEN: "the saved nodes lead to another network than the bootstrap hosts: they are forgotten",
    DetailKind.ANSWERED: "{nodes} answered",
    DetailKind.NOBODY_ANSWERED: "nobody answered: {parts}",
    DetailKind.SURVEY: "a survey: up to {number} queries to nodes all over the network",
    DetailKind.SURVEY_OVER: "the survey is over: {number} nodes answered",
    DetailKind.NOT_NEEDED: "not needed so far",
    DetailKind.RESOLVING: "looking up its address",
    DetailKind.UNRESOLVED_LATE: "its name was not resolved within {number} s",
    DetailKind.UNRESOLVED: "its name can't be resolved: {name}",
    DetailKind.OTHER_FAMILY: "it has {name} addresses only",
    DetailKind.ANSWERED_OF: "{number} of {of} answered",
    DetailKind.ANSWERED_IN: "in {number} ms",
    DetailKind.OTHER_NETWORK: "they lead to another network than the hosts, and are forgotten",
    DetailKind.LISTED: "on the blocklist",
    DetailKind.NO_ANSWER: "no answer",
    DetailKind.QUERY_UNANSWERED: "{name} got no answer",
    DetailKind.QUERY_REFUSED: "{name} was refused{code}",
    DetailKind.NOT_ANSWERED: "{name} was not answered",
    DetailKind.UNASKED: "no query of ours waits for it",
    DetailKind.OWN_ID_QUERY: "a query under our own id",
    DetailKind.BEYOND_RATE: "more than {name} queries a second: the others get no answer",
    DetailKind.QUOTA: "our replies have used up their bytes",
    DetailKind.UNANSWERED_READ_ONLY: "{name}; not answered, being read-only",
}
"""Why something happened."""
_QUOTA_REFUSED: Final = "{name}; not answered: our replies have used up their bytes"


def detail_words(text: str) -> str:
    """A detail in its stable form, in words; any other text as it stands, as recordings of older versions have it."""
    detail = Detail.read(text)
    if detail is None:
        return text
    words = _QUOTA_REFUSED if detail.kind is DetailKind.QUOTA and detail.name else DETAIL_WORDS[detail.kind]
    return words.format(
        number=detail.number,
        of=detail.of,
        nodes=plural(detail.number or 0, "node"),
        name=detail_words(detail.name) if detail.kind is DetailKind.UNTESTED else detail.name,
        code="" if detail.number is None else f" with {detail.number}",
        parts="; ".join(map(_part, detail.name.split("; "))),
    )


def _part(text: str) -> str:
    """A source of the bootstrap: its name, and its detail or state."""
    name, between, detail = text.partition(": ")
    return f"{name}{between}{detail_words(detail)}"
