"""`make demo DATA=<folder>` with files that are spoilt, hostile or of no kind: it ends with 0."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path

import pytest
from rich.console import Console

from aceso.demo import main
from aceso.errors import InputError

_BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE HealthData [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">]>
<HealthData locale="ko_KR"><Record type="&e;"/></HealthData>
"""


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    folder = tmp_path / "hostile"
    (folder / "deeper").mkdir(parents=True)
    whole = gzip.compress(
        b"##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n" * 9
    )
    files = {
        "broken.json": b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType":',
        "version.json": b'{"resourceType": "Patient", "fhirVersion": "1.0.2", "id": 7}',
        "empty.json": b"",
        "cut.vcf.gz": whole[: len(whole) // 2],
        "bomb.xml": _BOMB,
        "latin.json": '{"resourceType": "Patient", "name": "Jos\xe9"}'.encode("latin-1"),
        "zeros.bin": bytes(5000),
        "deeper/deep.json": b"[" * 50_000,
        "환자 기록.txt": "그냥 글".encode(),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def test_spoilt_files_are_kept_or_refused_with_a_reason(hostile: Path) -> None:
    before = {path: path.read_bytes() for path in hostile.rglob("*") if path.is_file()}
    shown = io.StringIO()
    code = main(hostile, console=Console(file=shown, width=240))
    text = shown.getvalue()
    assert code == 0, text[-6000:]
    for path in before:
        assert path.name in text
    # Each of these says why: its name, and a reason beside it.
    for name in ("broken.json", "empty.json", "cut.vcf.gz", "bomb.xml", "latin.json", "deep.json"):
        assert f"   {name}: " in text
    # Everything that has bytes is kept, byte for byte; the rest of the demo goes on beside.
    assert "expectations were met" in text
    assert "Traceback" not in text
    assert {path: path.read_bytes() for path in before} == before


def test_a_folder_that_is_not_there_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no folder") as told:
        main(tmp_path / "nowhere", console=Console(file=io.StringIO()))
    assert told.value.exit_code == 3
    assert os.listdir(tmp_path) == []
