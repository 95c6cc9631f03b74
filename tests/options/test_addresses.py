"""Addresses of both families as users type them: what is read, and the one line for what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dhtui.errors import UsageError
from dhtui.options import addresses, config
from dhtui.options.options import Options
from dhtui.runtime import launch
from dhtui.runtime.families import family_word, leaves_loopback, places, public_addresses

SIX = "2001:db8::9"


@pytest.mark.parametrize(
    ("argv", "field", "value"),
    [
        (f"--remote [{SIX}]:6881", "remote", ((SIX, 6881),)),
        ("--remote udp://[2001:DB8:0::9]:6881/,127.0.0.1:1", "remote", ((SIX, 6881), ("127.0.0.1", 1))),
        (f"--remote [{SIX}]:1;a.example:2", "remote", ((SIX, 1), ("a.example", 2))),
        (f"--remote [{SIX}]:1,[2001:db8:0:0::9]:1", "remote", ((SIX, 1),)),
        (f"--bnodes [{SIX}]:6881,a.example:1", "bnodes", (f"[{SIX}]:6881", "a.example:1")),
        ("--listen [::1]:6881", "listen", (("::1", 6881),)),
        ("--listen [::]:0", "listen", (("::", 0),)),
        ("--listen [::1]:2,127.0.0.1:1", "listen", (("127.0.0.1", 1), ("::1", 2))),
        ("--listen localhost:7", "listen", (("127.0.0.1", 7), ("::1", 7))),
        (f"--pip [{SIX}]:5", "pip", ((SIX, 5),)),
        (f"--pip [{SIX}]", "pip", ((SIX, 0),)),
        (f"--pip [{SIX}]:5,1.2.3.4", "pip", (("1.2.3.4", 0), (SIX, 5))),
        *((f"--family {word}", "family", word) for word in ("4", "6", "both")),
    ],
)  # fmt: skip
def test_both_families_are_read_everywhere(argv: str, field: str, value: object) -> None:
    assert getattr(config.read(argv.split()), field) == value


def test_a_file_and_the_environment_are_read_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "c.toml"
    file.write_text(f'listen = ["127.0.0.1:1", "[::1]:2"]\nfamily = 6\npip = "[{SIX}]"\nbnodes = "no"\n')
    monkeypatch.setenv("DHTUI_BNODES", f"[{SIX}]:6881")
    options = config.read(["--config", str(file)])
    assert options.listen == (("127.0.0.1", 1), ("::1", 2)) and options.family == "6"
    assert options.pip == ((SIX, 0),) and options.bnodes == (f"[{SIX}]:6881",)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (f"--remote {SIX}:6881", r"an IPv6 address stands in brackets, such as \[2001:db8::1\]:6881"),
        ("--remote [::1]", "is not host:port"),
        ("--remote [::1]6881", r"is not \[IPv6\]:port"),
        ("--remote [::1:6881", r"is not \[IPv6\]:port"),
        ("--remote [::1]:70000", "must be a number from 1 to 65535"),
        ("--remote [::1]:0", "must be a number from 1 to 65535"),
        ("--remote [::1]:", "must be a number from 1 to 65535"),
        ("--remote [::1]:1:2", "must be a number from 1 to 65535"),
        ("--remote [::]:1", "not an address that a node can have"),
        ("--remote [ff02::1]:1", "not an address that a node can have"),
        ("--remote [::ffff:1.2.3.4]:1", "is an IPv4 address: write it as such, 1.2.3.4"),
        ("--remote [fe80::1%eth0]:1", r"an address with a zone \(%\) can't be used"),
        ("--remote [fe80::1]:1", "link-local address, which can't be used without a zone"),
        ("--remote [1.2.3.4]:1", "in brackets stands an IPv6 address"),
        ("--remote [a.example]:1", "in brackets stands an IPv6 address"),
        ("--remote []:1", "in brackets stands an IPv6 address"),
        ("--remote [2001:db8::g]:1", "in brackets stands an IPv6 address"),
        ("--bnodes ::1:6881", "stands in brackets"),
        ("--listen ::1:6881", "stands in brackets"),
        ("--listen ::1", "stands in brackets"),
        ("--listen [::1]", "has no port"),
        ("--listen [::1]:65536", "must be a number from 0 to 65535"),
        ("--listen 127.0.0.1:1,127.0.0.2:1", "names two addresses of IPv4: one of each family"),
        ("--listen [ff02::1]:1", "is not an address that a node can have"),
        ("--listen 224.0.0.1:1", "is not an address that a node can have"),
        ("--listen :1,[::1]:1", "names two addresses of IPv6"),
        ("--listen [fe80::1%lo]:1", "with a zone"),
        ("--listen \u0661", "must be a number"),
        (f"--pip {SIX}", "stands in brackets"),
        ("--pip [::1]:0", "must be a number from 1"),
        ("--pip [::]", "not an address that a node can have"),
        ("--pip ,", "names no address"),
        ("--pip [fe80::1]", "link-local"),
        ("--family 5", "is none of 4, 6, both"),
        ("--family=", "is none of 4, 6, both"),
    ],
)
def test_what_can_not_be_used_is_said_in_one_line(argv: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        config.read(argv.split(" "))
    assert "\n" not in str(caught.value) and str(caught.value).startswith(argv.split("=")[0].split(" ")[0])


@given(st.text(alphabet="[]:%.,;/ 0123456789abcdefx-", max_size=40) | st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (addresses.remotes, addresses.bootstrap_nodes, addresses.listen, addresses.public_address):
        try:
            read(text)
        except UsageError as error:
            assert str(error).isprintable()


# ---- where a node listens -------------------------------------------------------------------------------


ANY, ANY6, LOOP, LOOP6 = ("0.0.0.0", 0), ("::", 0), ("127.0.0.1", 0), ("::1", 0)


@pytest.mark.parametrize(
    ("options", "listen", "word"),
    [
        (Options(), (ANY, ANY6), "both"),
        (Options(family="4"), (ANY,), "4"),
        (Options(family="6"), (ANY6,), "6"),
        (Options(testnet=4), (LOOP,), "4"),
        (Options(testnet=4, family="6"), (LOOP6,), "6"),
        (Options(testnet=4, family="both"), (LOOP, LOOP6), "both"),
        (Options(listen=(LOOP,)), (LOOP,), "4"),
        (Options(listen=(LOOP6,)), (LOOP6,), "6"),
        (Options(listen=(LOOP, LOOP6)), (LOOP, LOOP6), "both"),
        (Options(listen=(LOOP, LOOP6), family="6"), (LOOP6,), "6"),
        (Options(listen=(LOOP, LOOP6), testnet=4), (LOOP,), "4"),
        (Options(listen=(LOOP6,), testnet=4), (LOOP6,), "6"),
    ],
)
def test_the_families_of_a_node(options: Options, listen: object, word: str) -> None:
    assert places(options) == listen and family_word(places(options)) == word


def test_a_family_without_an_address_is_refused_before_anything_is_sent() -> None:
    for listen, word, family in ((LOOP, "6", "IPv6"), (LOOP6, "both", "IPv4")):
        options = Options(listen=(listen,), family=word)
        with pytest.raises(UsageError, match=f"--listen names no {family} address, which --family"):
            launch.prepare(options._replace(testnet=4), serving=True, keeping=False)


def test_our_public_addresses_are_those_of_the_families_in_use() -> None:
    both = Options(pip=(("1.2.3.4", 0), (SIX, 5)), listen=(("0.0.0.0", 7), ("::", 8)))
    assert public_addresses(both, places(both)) == (("1.2.3.4", 7), (SIX, 5))
    four = both._replace(family="4")
    assert public_addresses(four, places(four)) == (("1.2.3.4", 7),)
    wrong = Options(pip=((SIX, 5),), family="4", given=frozenset({"pip"}))
    with pytest.raises(UsageError, match="--pip names no address of IPv4"):
        public_addresses(wrong, places(wrong))
    assert public_addresses(wrong._replace(given=frozenset()), places(wrong)) == (), "config.toml holds for other runs"


def test_a_node_is_made_ready_in_each_family(tmp_path: Path) -> None:
    options = Options(state_dir=tmp_path, pip=(("1.2.3.4", 0), (SIX, 5)), listen=(("127.0.0.1", 7), ("::1", 0)))
    config_ = launch.prepare(options, serving=False, keeping=False).config
    assert (config_.listen, config_.listen_also) == (("127.0.0.1", 7), ("::1", 0))
    assert (config_.settings.external, config_.settings.external_also) == (("1.2.3.4", 7), (SIX, 5))
    six = launch.prepare(options._replace(family="6"), serving=False, keeping=False).config
    assert (six.listen, six.listen_also, six.settings.external) == (("::1", 0), None, (SIX, 5))


@pytest.mark.parametrize(
    ("options", "leaves"),
    [
        (Options(listen=(LOOP6,)), False),
        (Options(listen=(LOOP, LOOP6)), False),
        (Options(listen=(LOOP, ANY6)), True),
        (Options(bnodes=("[::1]:1", "localhost:2")), False),
        (Options(bnodes=(f"[{SIX}]:1",)), True),
    ],
)
def test_it_is_known_of_ipv6_whether_packets_leave_this_machine(options: Options, leaves: bool) -> None:
    assert leaves_loopback(options, None) is leaves


def test_a_blocklist_never_blocks_a_testnet_of_ipv6() -> None:
    start = launch.prepare(Options(testnet=4, blocklist="::/16,2001:db8::/32", family="6"), serving=True, keeping=True)
    blocks = start.config.settings.blocks
    assert blocks is not None and SIX in blocks and "::2" in blocks and "::1" not in blocks
    assert "addresses of ::1/128, where the testnet is: they are let in" in start.warnings[-1]


def test_45_06_a_node_listens_at_one_address_and_port_of_each_family() -> None:
    for text in ("127.0.0.1:1,127.0.0.1:2", "127.0.0.1:1,127.0.0.2:1", "[::1]:1;[::1]:2"):
        with pytest.raises(UsageError, match="names two addresses of"):
            addresses.listen(text)
    assert addresses.listen("127.0.0.1:1 [::1]:1") == (("127.0.0.1", 1), ("::1", 1))
