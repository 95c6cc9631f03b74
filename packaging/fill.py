"""Writes the PKGBUILD and the Homebrew formula of a release: its version, where its source is, and the sum of that.

python packaging/fill.py dist/dhtui-0.1.0.tar.gz https://example.org/dhtui-0.1.0.tar.gz dist
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

TEMPLATES = ("PKGBUILD", "dhtui.rb")


def fill(source: Path, url: str, folder: Path) -> list[Path]:
    """Write the files of the release whose source distribution `source` is, and can be had at `url`."""
    version = source.name.removeprefix("dhtui-").removesuffix(".tar.gz")
    parts = urlsplit(url)
    owner, _, rest = parts.path.lstrip("/").partition("/")
    values = {
        "@VERSION@": version,
        "@URL@": url,
        "@HOMEPAGE@": f"{parts.scheme}://{parts.netloc}/{owner}/{rest.partition('/')[0]}",
        "@SHA256@": sha256(source.read_bytes()).hexdigest(),
    }
    written = []
    for name in TEMPLATES:
        text = (Path(__file__).parent / name).read_text(encoding="utf-8")
        for mark, value in values.items():
            text = text.replace(mark, value)
        written.append(folder / name)
        written[-1].write_text(
            text.replace(": a template. packaging/fill.py writes", ". packaging/fill.py wrote"), encoding="utf-8"
        )
    return written


if __name__ == "__main__":
    fill(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
