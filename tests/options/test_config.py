"""Every setting: its values, where it may come from, and that each is documented."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dhtui.actions.spec import ACTIONS
from dhtui.errors import Exit, UsageError
from dhtui.options import addresses, config
from dhtui.options.config import SETTINGS, Options
from dhtui.options.manual.markdown import flag_table
from dhtui.options.manual.usage import help_text
from dhtui.options.values import Target

HEX = "4a533d47ec9c7d95b1ad75f576cffc641853b750"
KEY = "77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548"


@pytest.fixture(autouse=True)
def no_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own config.toml stays out of the tests."""
    for name in ("XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path


def test_every_setting_is_an_option_and_every_option_a_setting() -> None:
    assert {setting.field for setting in SETTINGS} == {*Options._fields} - {"given"}


def test_help_explains_every_flag_and_action() -> None:
    text = help_text(80)
    for setting in SETTINGS:
        assert f"--{setting.name}" in text
    for action in ACTIONS:
        assert f"  {action}" in text
    for code in Exit:
        assert f"  {code.value} " in text and code.meaning in " ".join(text.split())
    assert "exit 124" in " ".join(text.split())
    assert all(len(line) <= 80 for line in text.split("Examples:")[0].splitlines())


def test_flag_table_has_a_row_for_every_flag() -> None:
    rows = flag_table().splitlines()
    assert len(rows) == len(SETTINGS) + 2
    assert all(row.replace("\\|", "").count("|") == 5 for row in rows)


@pytest.mark.parametrize(
    ("argv", "field", "value"),
    [
        ("-do boostrap", "do", "bootstrap"),
        ("-do closest_peer", "do", "closest_peers"),
        ("-target self", "target", Target(None)),
        (f"-target {HEX.upper()}", "target", Target(bytes.fromhex(HEX))),
        (f"-target magnet:?xt=urn:btih:{HEX}&dn=x", "target", Target(bytes.fromhex(HEX), hashes=(bytes.fromhex(HEX),))),
        (
            "-target magnet:?xt=urn:btih:JJJT2R7MTR6ZLMNNOX2XNT74MQMFHN2Q",
            "target",
            Target(bytes.fromhex(HEX), hashes=(bytes.fromhex(HEX),)),
        ),
        (f"-target magnet:?xs=urn:btpk:{KEY}", "target", Target(bytes.fromhex(HEX), bytes.fromhex(KEY))),
        (
            f"-target magnet:?xs=urn:btpk:{KEY}&s=666f6f626172",
            "target",
            Target(bytes.fromhex("411eba73b6f087ca51a3795d9c8c938d365e32c1"), bytes.fromhex(KEY), b"foobar"),
        ),
        ("-qtimeout 100ms", "qtimeout", 0.1),
        ("-qtimeout 1.5s", "qtimeout", 1.5),
        ("-qtimeout 1m30s", "qtimeout", 90.0),
        ("-qtimeout 3", "qtimeout", 3.0),
        ("-qtimeout .5", "qtimeout", 0.5),
        ("-listen :9092", "listen", (("0.0.0.0", 9092), ("::", 9092))),
        ("-listen 9092", "listen", (("0.0.0.0", 9092), ("::", 9092))),
        ("-listen localhost:0", "listen", (("127.0.0.1", 0), ("::1", 0))),
        ("-listen=", "listen", (("0.0.0.0", 0), ("::", 0))),
        ("-remote a.example:1,127.0.0.1:2,", "remote", (("a.example", 1), ("127.0.0.1", 2))),
        ("-remote closest_store", "remote", ()),
        ("-bnodes no", "bnodes", "no"),
        ("-bnodes public", "bnodes", "public"),
        ("-pip 1.2.3.4:5", "pip", (("1.2.3.4", 5),)),
        ("-pip 1.2.3.4", "pip", (("1.2.3.4", 0),)),
        ("-ksize 20", "ksize", 20),
        ("-salt=", "salt", b""),
        ("-tsecret s", "tsecret", b"s"),
    ],
)
def test_values_that_are_accepted(argv: str, field: str, value: Any) -> None:
    assert getattr(config.read(argv.split()), field) == value


@pytest.mark.parametrize(
    "argv",
    [
        "-do nosuch",
        "-do=",
        "-target 0123456789",
        f"-target 0x{HEX}",
        f"-target {HEX[:38]}",
        f"-target {HEX}ab",
        "-target zz",
        "-target magnet:?dn=x",
        "-target magnet:?xt=urn:btih:0000",
        f"-target magnet:?xs=urn:btpk:{KEY}&s=zz",
        f"-did {HEX}ab",
        "-did zz",
        "-remote 127.0.0.1",
        "-remote 127.0.0.1:notaport",
        "-remote 127.0.0.1:70000",
        "-remote 127.0.0.1:0",
        "-remote 224.0.0.1:1",
        "-remote 999.1.1.1:1",
        "-remote ::1:9090",
        "-remote ,",
        "-remote=",
        "-remote a_b!:1",
        "-bnodes ,",
        "-listen ::1:9092",
        "-listen 127.0.0.1",
        "-listen nosuch:1",
        "-listen :70000",
        "-pip notip:5",
        "-pip 1.2.3.4:x",
        "-pip 0.0.0.0",
        "-qtimeout 0",
        "-qtimeout 0s",
        "-qtimeout -1s",
        "-qtimeout=",
        "-qtimeout abc",
        "-qtimeout 1e",
        "-qtimeout 1h2x",
        "-qtimeout 2h",
        "-qtimeout inf",
        "-qconcurrency 0",
        "-qconcurrency -1",
        "-qconcurrency 65",
        "-kconcurrency 0",
        "-ksize 0",
        "-ksize 21",
        "-seq abc",
        "-seq -5",
        "-seq 9223372036854775808",
        "-annport 0",
        "-annport 70000",
        "-annport -1",
        "-vv=maybe",
        f"-salt {'x' * 65}",
        "-testnet 0",
        "-print-completion powershell",
        "-keyname=",
    ],
)
def test_values_that_are_refused_with_the_flag_named(argv: str) -> None:
    with pytest.raises(UsageError, match="^--" + argv.split()[0].strip("-=").split("=")[0]) as error:
        config.read(argv.split())
    assert "\n" not in str(error.value)


def test_command_line_before_file_before_default(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('qtimeout = 1.5\nksize = 20\nbnodes = ["a:1", "b:2"]\nvv = true\nlisten = ":7"\n')
    options = config.read(["-config", str(file), "-ksize", "5", "-vv=false"])
    assert (options.qtimeout, options.ksize, options.bnodes) == (1.5, 5, ("a:1", "b:2"))
    assert (options.vv, options.listen, options.qconcurrency) == (False, (("0.0.0.0", 7), ("::", 7)), 8)


def test_the_platforms_config_file_is_read(no_config: Path) -> None:
    from platformdirs import user_config_path

    path = user_config_path("dhtui", appauthor=False) / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("ksize = 7\n")
    assert config.read([]).ksize == 7


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ksise = 8", "did you mean ksize?"),
        ("wait = true", "only makes sense on the command line"),
        ("ksize = 99", "not a whole number from 1 to 20"),
        ("ksize = true", "1-20 is needed"),
        ("vv = 1", "true or false"),
        ("[node]\nksize = 8", "there is no such setting"),
        ("ksize = ", "not TOML"),
        ("x" * 100, "not TOML"),
        ('tsecret = {a = "b"}', "TEXT is needed"),
    ],
)
def test_a_wrong_config_file_is_one_clear_line(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as error:
        config.read(["-config", str(file)])
    assert words in str(error.value)
    assert "c.toml" in str(error.value) and "\n" not in str(error.value)


def test_a_config_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file"):
        config.read(["-config", str(tmp_path / "none")])
    with pytest.raises(UsageError, match="cannot read"):
        config.read(["-config", str(tmp_path)])


def test_help_works_beside_a_broken_config_file(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("=")
    assert config.read(["-h", "-config", str(tmp_path / "c.toml")]).help == ""


def test_numbers_that_only_look_like_addresses_are_not_resolved() -> None:
    with pytest.raises(UsageError, match="not an IPv4 address"):
        addresses.host_port("1.2.3:80")
