"""Each of the ten jobs is done by the keys that docs/explorer.md tells, and ends with the answer on the screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from screens.stage import SMALL

from .jobs import JOBS, Job, done

SIZE = (120, 35)
MANUAL = Path(__file__).parents[2] / "docs" / "explorer.md"


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.question.partition("?")[0].replace(" ", "-"))
async def test_the_keys_of_a_job_end_with_its_answer(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with done(job, tmp_path / "keys", SIZE, monkeypatch) as stage:
        shown = stage.text()
    assert [part for part in job.answer if part not in shown] == [], shown


async def test_the_exported_packets_are_a_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with done(JOBS[9], tmp_path / "keys", SMALL, monkeypatch):
        assert (tmp_path / "packets.pcapng").read_bytes()[:4] == b"\x0a\x0d\x0d\x0a"


@pytest.mark.parametrize("job", JOBS, ids=lambda job: str(job.number))
def test_the_manual_tells_each_job_with_its_keys_and_its_picture(job: Job) -> None:
    manual = MANUAL.read_text(encoding="utf-8")
    _, _, section = manual.partition(f"### {job.number}. {job.question}\n")
    section = section.partition("\n### ")[0]
    assert job.recipe in section
    picture = f"../assets/jobs/{job.number}.svg"
    assert f"]({picture})" in section
    assert (MANUAL.parent / picture).is_file()
