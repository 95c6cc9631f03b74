"""The table of actions: one row for each. Flags' use, help, completions and the tables of the manual follow from it.

A wish walks along its row, and never back: `plan` makes a request of the options, `run` a result of the request,
`text` and `json` what is printed of the result. They are named, not imported, so that the table costs nothing and may
name rooms that stand on this one; ``module:function`` is meant from the package on.

| part | of an action on the network | of one that needs no node |
|---|---|---|
| plan | ``(Options) -> Request`` | ``(Options) -> OfflineRequest`` |
| run | ``async (Request, Run) -> Result`` | ``(OfflineRequest) -> Done`` |
| text | ``(Result, Shown) -> Lines`` | ``(Done) -> Lines`` |
| json | ``(Result) -> Iterable[dict]`` | ``(Done) -> Iterable[dict]`` |
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

NODE_FLAGS = (
    *("attach", "deadline", "wait", "record", "testnet", "listen", "family", "bnodes", "did", "pip"),
    *("blocklist", "blocklist-lenient"),
    *("latency", "loss", "churn", "liars", "traffic"),
    *("read-only", "tsecret", "ksize", "kconcurrency", "qconcurrency", "qtimeout"),
    *("store", "max-reply-rate", "max-host-rate", "metrics"),
)
"""Flags of all actions on the network."""


class Action(NamedTuple):
    """One action."""

    name: str
    help: str
    """What it does, as an order."""
    flags: str
    """The flags that mean something to it, besides those of every action, and `NODE_FLAGS` on the network."""
    example: str
    """The flags of a command that can be run as it stands, offline or on a testnet where that is possible."""
    plan: str
    run: str
    text: str = ""
    operand: str = ""
    """The flag that a word by itself is most likely meant for; empty: there is none."""
    json: str = "headless.json_lines:plain"
    offline: bool = False
    """Whether it needs no node."""
    serves: bool = False
    """Whether the node answers others meanwhile, as with ``--wait``."""
    saves: bool = False
    """Whether it runs under the saved id, and saves id and nodes, as ``--wait`` does."""
    unhurried: bool = False
    """Whether it takes as long as it takes, unless the command line gives a ``--deadline``."""
    tends: bool = False
    """Whether it looks after the kept items: each is told when it is done, and ``--wait`` goes on where some fail."""
    streams: bool = False
    """Whether `run` prints what it finds as it comes, given the request and the output; it has no `text` and `json`."""
    fields: str = ""
    """The fields that only its JSON has, as rows of a Markdown table."""

    @property
    def takes(self) -> frozenset[str]:
        """The flags that mean something to it in particular, or to every action on the network."""
        return frozenset((*self.flags.split(), *(() if self.offline else NODE_FLAGS)))

    @property
    def command(self) -> str:
        """The example, as it is typed."""
        return f"dhtui --do {self.name} {self.example}".rstrip()

    def part(self, name: str) -> Any:
        """The function of one of the parts `plan`, `run`, `text` and `json`."""
        module, _, function = getattr(self, name).partition(":")
        return getattr(import_module(f".{module}", __package__.partition(".")[0]), function)


_LOOK = "remote target"
_MANY = "targets parallel rate least progress resume"
_ITEM = "keyname public-key salt"
_VALUE = "val val-file val-bencoded val-as torrent"

_ROWS = (
    Action(
        name="bootstrap",
        help="join the network, and say which nodes answered",
        flags="",
        example="--testnet 8",
        plan="options.planning.network:plain",
        run="actions.requested:bootstrap_now",
        text="headless.text:joined",
        saves=True,
    ),
    Action(
        name="ping",
        help="ask the --remote nodes whether they are there: id, round trip, client, our address to them",
        flags=f"{_LOOK} {_MANY}",
        example="--remote 127.0.0.1:6881,127.0.0.1:6882",
        operand="remote",
        plan="options.planning.network:ping",
        run="actions.requested:ping_all",
        text="headless.text:pings",
    ),
    Action(
        name="find_node",
        help="find the nodes nearest to --target",
        flags=f"{_LOOK} {_MANY}",
        example="--target self --testnet 32",
        operand="target",
        plan="options.planning.network:find_node",
        run="actions.requested:look_for_nodes",
        text="headless.text:nodes",
    ),
    Action(
        name="get_peers",
        help="find the peers of the infohash --target",
        flags=f"{_LOOK} {_MANY}",
        example="--target 'magnet:?xt=urn:btih:86d4c8ef2bd1ea1a4a2df3d9bb0fb1fe41eff8f0'",
        operand="target",
        plan="options.planning.network:on_torrent",
        run="actions.requested:look_for_peers",
        text="headless.text:peers",
    ),
    Action(
        name="announce_peer",
        help="tell the nodes nearest to --target that a peer is here (--annport or --annimplied)",
        flags=f"{_LOOK} annport annimplied seed",
        example="--target 86d4c8ef2bd1ea1a4a2df3d9bb0fb1fe41eff8f0 --annport 6881",
        operand="target",
        plan="options.planning.network:announce_peer",
        run="actions.requested:announce",
        text="headless.text:announced",
    ),
    Action(
        name="get",
        help="fetch the item at --target, or that of a key (--keyname, --public-key) and --salt, and verify it",
        flags=f"{_LOOK} {_MANY} {_ITEM} seq newer-than keep watch out",
        example="--target e5f96f6f38320f0f33959cb4d3d656452117aadb --testnet 32",
        operand="target",
        plan="options.planning.items:get",
        run="actions.requested:fetch",
        text="headless.text:value",
        json="headless.json_lines:fetched",
    ),
    Action(
        name="put",
        help="store a value: immutable, or with --keyname mutable and signed",
        flags=f"{_LOOK} {_MANY} {_VALUE} records keyname salt seq cas passphrase-file signed-file min-stored dry-run "
        "read-back wide keep",
        example="--val 'Hello World!' --testnet 32",
        operand="val",
        plan="options.planning.items:put",
        run="actions.requested:store",
        text="headless.text:stored",
        json="headless.json_lines:stored",
    ),
    Action(
        name="closest_stores",
        help="list the nodes that an item at --target belongs on, and what they hold",
        flags=f"{_LOOK} {_ITEM}",
        example="--target e5f96f6f38320f0f33959cb4d3d656452117aadb --testnet 32",
        operand="target",
        plan="options.planning.items:closest_stores",
        run="actions.requested:look_for_stores",
        text="headless.text:stores",
    ),
    Action(
        name="closest_peers",
        help="list the nodes that know the peers of --target, and the peers",
        flags=_LOOK,
        example="--target 86d4c8ef2bd1ea1a4a2df3d9bb0fb1fe41eff8f0 --testnet 32",
        operand="target",
        plan="options.planning.network:on_torrent",
        run="actions.requested:look_for_peers",
        text="headless.text:nodes_and_peers",
    ),
    Action(
        name="scrape",
        help="estimate how many seeds and downloaders the infohash --target has (BEP 33)",
        flags=f"{_LOOK} {_MANY}",
        example="--target 86d4c8ef2bd1ea1a4a2df3d9bb0fb1fe41eff8f0 --testnet 32",
        operand="target",
        plan="options.planning.network:on_torrent",
        run="actions.requested:count_peers",
        text="headless.swarm:scraped",
        json="headless.swarm:scraped_json",
        fields=(
            "| `result` of scrape | `scrape` | null where no node gave a filter, or `{seeds, downloaders, nodes, "
            "too_full}`: the counts are `{estimate, low, high}`, the bounds of a 95 % interval; `high` is null where "
            "there are too many to count; `nodes`: from how many of the closest nodes; `too_full`: how many gave a "
            "filter that is so full that it tells nothing |\n"
            "| `node` of scrape | `scrape` | null, or what this node's own filters tell: `{seeds, downloaders}` |"
        ),
    ),
    Action(
        name="sample_infohashes",
        help="ask the --remote nodes how many infohashes they store, and for some of them (BEP 51)",
        flags=_LOOK,
        example="--remote 127.0.0.1:6881",
        operand="remote",
        plan="options.planning.network:sample_infohashes",
        run="actions.requested:sample",
        text="headless.swarm:sampled",
        json="headless.swarm:sampled_json",
        fields=(
            "| `node` of sample_infohashes | `samples`, `num`, `interval` | infohashes that it stores, null where it "
            "gave none; how many it stores, or null; the seconds for which it gives the same ones |"
        ),
    ),
    Action(
        name="census",
        help="walk through a part of the network, politely, and estimate the whole: nodes, infohashes, clients",
        flags="rate nodes resume list-infohashes",
        example="--testnet 32 --rate 200",
        plan="options.planning.network:census",
        run="actions.requested:take_census",
        text="headless.census:text",
        json="headless.census:json",
        serves=True,
        saves=True,
        unhurried=True,
        fields=(
            "| `result` of census | `census` | null, or what was counted. Shares are `{part, whole, share, low, "
            "high}`, estimates `{estimate, low, high}` (null where there is no telling), the bounds those of 95 % "
            "intervals. In `families` an object for each address family, each a network of its own: `nodes` and "
            "`infohashes` of all of it; `blocks` walked of `planned`, a `space` of all ids; `alone`, whether nobody "
            "answered any more; `visited` nodes, `found` (they answered under an id of their block); `answers`, "
            "`sampling` (they gave samples, BEP 51), `bep42` (ids that fit, of public addresses); `round_trips`: "
            "`{p10, p50, p90, p99}` in milliseconds; `clients`: `{client, code_hex, part, whole, share, low, high}`, "
            "by the first two bytes of `v`; `sampled`: infohashes given; `surplus`: candidates left out, being too "
            "many; `unbelieved`: nodes whose `num` was not used |\n"
            "| | `infohashes` | with --list-infohashes the infohashes that nodes gave in this run, at most 100,000; "
            "else null |"
        ),
    ),
    Action(
        name="query",
        help="put any query to the one node --remote, and take its answer apart: --method and --args, or --raw FILE",
        flags="remote method args raw",
        example='--remote 127.0.0.1:6881 --method find_node --args \'{"target": "hex:'
        "e5f96f6f38320f0f33959cb4d3d656452117aadb\"}'",
        operand="method",
        plan="options.planning.query:query",
        run="actions.query:ask",
        text="headless.query:text",
        json="headless.query:json",
        fields=(
            "| `result` of query | `node` | what a `node` line tells, or null: there is no other line than this one |\n"
            "| | `sent_hex`, `received_hex` | the datagrams, or null: what came is here too if it could not be read |\n"
            "| | `answer` | what came, decoded: byte strings as text, in hex behind `hex:` where they are no text; "
            "null if nothing came or it is no bencode |"
        ),
    ),
    Action(
        name="conform",
        help="test the node --remote against the rules of the BEPs, case by case; exit 0 without a failure, else 1",
        flags="remote cases strict skip list mine long seed out listen record deadline",
        example="--remote 127.0.0.1:6881 --cases 5,44 --out report.xml",
        operand="remote",
        plan="options.planning.conformance:conform",
        run="headless.conformance.run:conform",
        text="headless.conformance.text:text",
        json="headless.conformance.reports:objects",
        offline=True,
        unhurried=True,
        fields=(
            "| `result` of conform | `remote`, `seed`, `strict`, `counts`, `stale` | the node, `ip:port`; the number "
            "that repeats the run; whether non-strict counts as failed; how many cases came to each outcome; the "
            "numbers of known failures that passed |\n"
            "| | `cases` | one of each case: `id`, which stays for ever, `bep` (null for robustness), `section`, "
            "`level` (`M` must, `S` should, `O` optional, `H` robustness), `requirement`; `outcome`: `pass`, `fail`, "
            "`non-strict`, `unsupported`, `inconclusive` or `skipped`, and with --list null; `expected` and `actual` "
            "in words; `why` it was skipped, or null, and `reason`, that as a word that stays; "
            "`known`: the reason in the file of --skip, or null; `sent`, the "
            "datagram that decided, and `received`, what came from the node since, in hex; `recording`: its file, or "
            "null |"
        ),
    ),
    Action(
        name="genkey",
        help="make a key and keep it as --keyname",
        flags="keyname show-private encrypt passphrase-file",
        example="--keyname me --encrypt",
        operand="keyname",
        plan="options.planning.keys:genkey",
        run="actions.keys:make_key",
        text="headless.offline.text:made",
        json="headless.offline.json_lines:made",
        offline=True,
        fields="| `result` of genkey | `keyname`, `public_key`, `path` | and `private_key` with --show-private |",
    ),
    Action(
        name="keys",
        help="list the keys: public key in hex and z-base-32, kind, the seq last put under each salt",
        flags="",
        example="",
        plan="options.planning.keys:keys",
        run="actions.keys:list_keys",
        text="headless.offline.text:listed",
        json="headless.offline.json_lines:listed",
        offline=True,
        fields=(
            "| `key` of keys | `name`, `public_key`, `zbase32`, `kind`, `created`, `encrypted`, `readable_by`, "
            "`damaged`, `path`, `uses` | one of each key; `readable_by`: who else can read its file, empty for nobody; "
            "`uses` are `{salt_hex, seq, at}`, the last put under each salt |"
        ),
    ),
    Action(
        name="import",
        help="keep the private key in --key-file as --keyname: hex, base64, raw, PEM, DER, OpenSSH, JWK, paper",
        flags="keyname public-key key-file key-form encrypt passphrase-file",
        example="--keyname me --key-file me.pem",
        operand="keyname",
        plan="options.planning.keys:import_key",
        run="actions.keys:import_key",
        text="headless.offline.text:taken",
        json="headless.offline.json_lines:taken",
        offline=True,
        fields=(
            "| `result` of import | `keyname`, `public_key`, `path`, `was`, `encrypted` | `was`: the form the key came "
            "in |"
        ),
    ),
    Action(
        name="export",
        help="print the private key --keyname, or write it to --out, in one of seven --format",
        flags="keyname format passphrase-file out",
        example="--keyname me --format pem --out me.pem",
        operand="keyname",
        plan="options.planning.keys:export_key",
        run="actions.keys:export_key",
        text="headless.offline.text:given",
        json="headless.offline.json_lines:given",
        offline=True,
        fields=(
            "| `result` of export | `keyname`, `public_key`, `format`, `path`, `key` | `key` is the secret, null where "
            "it went to `path` |"
        ),
    ),
    Action(
        name="rename",
        help="give the key --keyname another name, --new-name",
        flags="keyname new-name",
        example="--keyname me --new-name myself",
        operand="keyname",
        plan="options.planning.keys:rename",
        run="actions.keys:rename_key",
        text="headless.offline.text:changed",
        json="headless.offline.json_lines:changed",
        offline=True,
        fields=(
            "| `result` of rename, delete, encrypt and decrypt | `keyname`, `public_key`, `path` | the key as it is "
            "called now, or was; `public_key` is null of a damaged one |"
        ),
    ),
    Action(
        name="delete",
        help="remove the key --keyname for ever; --yes says that this is meant",
        flags="keyname yes",
        example="--keyname me --yes",
        operand="keyname",
        plan="options.planning.keys:delete",
        run="actions.keys:delete_key",
        text="headless.offline.text:changed",
        json="headless.offline.json_lines:changed",
        offline=True,
    ),
    Action(
        name="encrypt",
        help="encrypt the key --keyname under a passphrase, or change its passphrase",
        flags="keyname passphrase-file new-passphrase-file",
        example="--keyname me",
        operand="keyname",
        plan="options.planning.keys:encrypt",
        run="actions.keys:encrypt_key",
        text="headless.offline.text:changed",
        json="headless.offline.json_lines:changed",
        offline=True,
    ),
    Action(
        name="decrypt",
        help="keep the encrypted key --keyname in the clear",
        flags="keyname passphrase-file",
        example="--keyname me",
        operand="keyname",
        plan="options.planning.keys:decrypt",
        run="actions.keys:decrypt_key",
        text="headless.offline.text:changed",
        json="headless.offline.json_lines:changed",
        offline=True,
    ),
    Action(
        name="sign",
        help="sign a value without sending it: what is signed, signature and target; --out keeps it for put",
        flags=f"{_VALUE} keyname salt seq show-private passphrase-file out",
        example="--keyname bep44test --val 'Hello World!' --seq 1 --salt foobar",
        operand="val",
        plan="options.planning.keys:sign",
        run="actions.signing:sign_value",
        text="headless.offline.text:signed",
        json="headless.offline.json_lines:signed",
        offline=True,
        fields=(
            "| `result` of sign | `target`, `seq`, `salt_hex`, `public_key`, `signature`, `signed_hex`, `value_hex`, "
            "`value_text`, `magnet` | and `private_key` with --show-private |"
        ),
    ),
    Action(
        name="verify",
        help="check --signed-file, and whose it is (--public-key), or a value with --public-key and --signature",
        flags=f"target {_VALUE} {_ITEM} seq signed-file signature",
        example="--signed-file item.json",
        operand="signed-file",
        plan="options.planning.keys:verify",
        run="actions.signing:verify_item",
        text="headless.offline.text:verified",
        json="headless.offline.json_lines:verified",
        offline=True,
        fields=(
            "| `result` of verify | `summary`, `fault`, `target`, `seq`, `salt_hex`, `public_key`, `signature`, "
            "`value_hex`, `value_text`, `magnet` | `ok` says whether it is genuine, and of the key and target that "
            "were given; `fault` is null or `forged`, `other_key` or `other_target` |"
        ),
    ),
    Action(
        name="republish",
        help="look after the items that put or get were told to --keep: those that are due, once",
        flags="",
        example="",
        plan="options.planning.network:republish",
        run="actions.requested:look_after",
        text="headless.text:looked_after",
        json="headless.json_lines:republished",
        unhurried=True,
        tends=True,
    ),
    Action(
        name="kept",
        help="list the items that are kept alive, what became of each, and when it is looked after next",
        flags="",
        example="",
        plan="options.planning.items:kept",
        run="actions.kept:list_kept",
        text="headless.kept:text",
        json="headless.kept:json",
        offline=True,
        fields=(
            "| `kept` of kept, pause, resume and unkeep | `added`, `item` | besides what republish tells of each: "
            "since when it is kept alive, in seconds since 1970; the item as in the result of get |"
        ),
    ),
    Action(
        name="pause",
        help="stop looking after a kept item: --target, or --keyname or --public-key, and --salt",
        flags=f"target {_ITEM}",
        example="--target e5f96f6f38320f0f33959cb4d3d656452117aadb",
        operand="target",
        plan="options.planning.items:change_kept",
        run="actions.kept:change_kept",
        text="headless.kept:text",
        json="headless.kept:json",
        offline=True,
    ),
    Action(
        name="resume",
        help="look after a paused item again",
        flags=f"target {_ITEM}",
        example="--target e5f96f6f38320f0f33959cb4d3d656452117aadb",
        operand="target",
        plan="options.planning.items:change_kept",
        run="actions.kept:change_kept",
        text="headless.kept:text",
        json="headless.kept:json",
        offline=True,
    ),
    Action(
        name="unkeep",
        help="let a kept item go: stores forget it within two hours",
        flags=f"target {_ITEM}",
        example="--target e5f96f6f38320f0f33959cb4d3d656452117aadb",
        operand="target",
        plan="options.planning.items:change_kept",
        run="actions.kept:change_kept",
        text="headless.kept:text",
        json="headless.kept:json",
        offline=True,
    ),
    Action(
        name="id",
        help="show our own id, our address as others see it, and whether the two fit (BEP 42)",
        flags="",
        example="--testnet 8",
        plan="options.planning.network:plain",
        run="actions.requested:identity_now",
        text="headless.text:identity",
        saves=True,
    ),
    Action(
        name="status",
        help="tell how the node is that runs already, with --attach; exit 0 where it is ready, 1 not yet, 3 no node",
        flags="",
        example="--attach",
        plan="options.planning.network:status",
        run="actions.status:tell",
        text="headless.status:text",
        json="headless.status:json",
        fields=(
            "| `result` of status | `ready`, `uptime_seconds` | whether it has joined its network: the exit code is 0, "
            "else 1; 3 where no node is there |\n"
            "| | `families` | one of each address family: `{family, id, bound, external, reachability, nodes: {good, "
            "questionable, bad}}` |\n"
            "| | `queries` | of all methods: `{sent, answered, errors, timed_out}` of its own, `{received, replied, "
            "refused}` of others |\n"
            "| | `traffic`, `stored` | `{packets_in, packets_out, bytes_in, bytes_out}` so far; what it keeps for "
            "others: `{immutable, mutable, peers, infohashes}` |\n"
            "| | `lookups_running`, `network_size` | how many; nodes in the network, estimated, or null |"
        ),
    ),
    Action(
        name="doctor",
        help="tell whether this node is healthy, and what to do where it is not; exit 0 without a fault, else 1",
        flags="",
        example="--testnet 32",
        plan="options.planning.network:plain",
        run="actions.requested:examine",
        text="headless.diagnosis:text",
        json="headless.diagnosis:doctor_json",
        saves=True,
        fields=(
            "| `finding` of doctor and sybil_check | `check`, `about`, `family`, `verdict`, `severity` | one of each "
            "check; of several of one check which it is about, else empty; of a node in both address families the one "
            "that it is about, else null; what it came to, a word that stays; `fine`, `warning`, `fault` or "
            "`unknown` |\n"
            "| | `measured` | `{name, value, unit}`: a number, a text or null; `s`, `bytes`, `share` (0 to 1), "
            "`nodes`, `datagrams`, `queries`, `ranges` or empty |\n"
            "| | `meaning`, `remedy` | what it means, and what to do, in words; the latter empty where nothing is to "
            "be done |\n"
            "| | `p_value`, `false_alarm_rate` | how often chance alone shows as much; how often the check raises an "
            "alarm where there is nothing, at most; null where that is not known |\n"
            "| `result` of doctor | `healthy`, `fine`, `warnings`, `faults`, `unknown` | whether there is no fault; "
            "counts of findings |"
        ),
    ),
    Action(
        name="sybil_check",
        help="test whether more nodes stand around --target than chance puts there; exit 0 where not",
        flags="target",
        example="--target e5f96f6f38320f0f33959cb4d3d656452117aadb --testnet 32",
        operand="target",
        plan="options.planning.network:find_node",
        run="actions.requested:look_for_sybils",
        text="headless.diagnosis:text",
        json="headless.diagnosis:sybil_json",
        fields=(
            "| `result` of sybil_check | `p_value`, `false_alarm_rate`, `crowded` | those of the test of density, and "
            "whether it raised an alarm; null where it could not be made |"
        ),
    ),
    Action(
        name="packets",
        help="list the KRPC messages of a capture (--open), of any program: pairs, kinds, faults",
        flags="open me filter",
        example="--open capture.pcap",
        operand="open",
        plan="options.planning.captures:packets",
        run="headless.captures.run:carry_out",
        offline=True,
        streams=True,
        fields=(
            "| `packet` of packets | `number`, `time`, `from`, `to` | one of each KRPC message of the capture; `time` "
            "in seconds since 1970; `ip:port` |\n"
            "| | `kind`, `method`, `tid`, `length` | `query`, `response`, `error` or `unreadable`; the method of the "
            "query, of an answer too where its query is known, else null; 40 hex digits at most; bytes |\n"
            "| | `pair` | the number of an answer's query, or of the first answer to a query, or null |\n"
            "| | `faults` | words that stay: those that `detail` of a `node` has, with a number behind some; `nodes`, "
            "`peers_no_list`, `peers`, `token`, `value_refused`, `key`, `signature`, `no_seq`, `bloom`, `samples`, "
            "`num`, `interval` of an answer that is usable; `refused 203` of a query that a node would answer with "
            "that error |"
        ),
    ),
    Action(
        name="lookups",
        help="list the lookups that a capture (--open) shows, inferred: who asked for what, and how long it took",
        flags="open me",
        example="--open capture.pcap",
        operand="open",
        plan="options.planning.captures:lookups",
        run="headless.captures.run:carry_out",
        offline=True,
        streams=True,
        fields=(
            "| `lookup` of lookups | `number`, `inferred`, `time` | one of each, when it is over; always true: it is "
            "inferred from queries for one target, by one method, from one address, within seconds; when it began, in "
            "seconds since 1970. With --me all of that node, else those that asked several nodes |\n"
            "| | `from`, `method`, `target` | who looked, `ip:port`; by which method; for what, 40 hex digits |\n"
            "| | `queries`, `answers`, `nodes` | how many queries, how many of them were answered, errors included; "
            "how many nodes were asked |\n"
            "| | `first_ms`, `found_ms`, `complete_ms` | milliseconds from its first query to the first answer, to the "
            "first peers or value, and to the last answer; or null |\n"
            "| `summary` of packets and lookups | `format` | the last line; `pcap` or `pcapng` |\n"
            "| | `packets`, `datagrams`, `krpc`, `malformed`, `cut` | captured packets; UDP datagrams, without "
            "duplicates; KRPC messages; what looks like one and is none; datagrams that look like one and were cut "
            "short by the capture |\n"
            "| | `queries`, `unanswered`, `duplicates`, `fragments`, `nodes` | queries; those without an answer; equal "
            "datagrams within 1 ms, dropped; datagrams that lack a fragment; endpoints that sent a message |\n"
            "| | `first`, `last`, `unknown_links`, `damage` | when the first and the last message came, in seconds "
            "since 1970, or null; link types that are not read; null, or where the file stops being readable: "
            "`{kind, offset}`, `cut_off`, `length`, `block`, `compression`, `compression_cut` or `bomb` |"
        ),
    ),
)

ACTIONS = {action.name: action for action in _ROWS}
"""The actions by name."""
SPELLINGS = {"boostrap": "bootstrap", "closest_store": "closest_stores", "closest_peer": "closest_peers"}
"""Other spellings that are accepted; the first one is the original program's."""
