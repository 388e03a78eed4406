"""The folder of `make demo DATA=<folder>`, with files that are spoilt, hostile or of no kind."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from aceso.demo import main
from aceso.demo.bringing import show_bringing
from aceso.demo.stage import Stage
from aceso.devnet import Devnet, with_suite
from aceso.errors import InputError
from aceso.flows import Network, Person, Profile
from aceso.samples import generate
from aceso.vault import Seed

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


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    """Somebody of a local network, who has no records yet."""
    network = tmp_path / "network"
    with Devnet.start(network, stages=[with_suite()]), Network.read(network) as opened:
        made = {"passphrase": "a passphrase of a test", "kind": "person"}
        profile = Profile.create(tmp_path / "person", Seed.make(), network=str(network), **made)
        yield Person(opened, profile)
        profile.close()


def test_spoilt_files_are_kept_or_refused_with_a_reason(
    hostile: Path, person: Person, tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in hostile.rglob("*") if path.is_file()}
    export = next(one.path for one in generate(tmp_path / "samples") if one.issuer == "phone")
    shown = io.StringIO()
    stage = Stage(Console(file=shown, width=240))

    show_bringing(stage, person, export, hostile, tmp_path / "brought")

    text = shown.getvalue()
    # Everything that has bytes is kept, byte for byte.
    assert stage.close() == 0, text[-6000:]
    for path in before:
        assert path.name in text
    # Each of these says why: its name, and a reason beside it.
    for name in ("broken.json", "empty.json", "cut.vcf.gz", "bomb.xml", "latin.json", "deep.json"):
        assert f"   {name}: " in text
    assert "Traceback" not in text
    assert {path: path.read_bytes() for path in before} == before


def test_a_folder_that_is_not_there_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no folder") as told:
        main(tmp_path / "nowhere", console=Console(file=io.StringIO()))
    assert told.value.exit_code == 3
    assert os.listdir(tmp_path) == []
