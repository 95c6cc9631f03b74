"""Makes the pictures of the ten jobs in docs/explorer.md.

cd tests; python -m jobs.pictures    # assets/jobs/*.svg, the same ones every time
"""

from __future__ import annotations

import asyncio
import os
import re
import tempfile
from pathlib import Path

import pytest

from .jobs import JOBS, done

FOLDER = Path(__file__).parents[2] / "assets" / "jobs"
SIZE = (120, 35)


async def pictures() -> None:
    """Do each job, and keep how the screen then looks."""
    FOLDER.mkdir(exist_ok=True)
    for job in JOBS:
        with tempfile.TemporaryDirectory() as place:
            os.chdir(place)
            with pytest.MonkeyPatch.context() as patched:
                async with done(job, Path(place) / "keys", SIZE, patched) as stage:
                    stage.app.clear_notifications()
                    await stage.settle()
                    picture = stage.app.export_screenshot(title=f"dhtui: {job.question}", simplify=True)
        # The fonts of whoever looks at it have to do: a picture loads nothing from elsewhere.
        picture = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.S)
        (FOLDER / f"{job.number}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(pictures())
