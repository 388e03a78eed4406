"""
aceso export
├── a Bundle: written 0600 under a name without personal data, valid, and not overwritten
├── --force overwrites; --class narrows
├── a summary leaves sensitive classes out unless they are named
├── files as they came, and genomes, into a folder, numbered
├── a record that does not open: said, exit code 6, and the others are there
├── nothing: refused, and no file is left
└── nothing is left in the temporary folder
aceso trends
├── draws series and nights in the terminal, in Korean too
├── --out writes pictures, 0600, numbered
└── --svg without --out, nothing to draw: refused
aceso records --timeline
└── counts by month and class
"""

from __future__ import annotations

import json
import stat
import tempfile
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from aceso.cli import _session, _words
from aceso.codes import DataClass
from aceso.errors import IntegrityError
from aceso.formats import FHIR_JSON, VCF


def bundle(*resources):
    entries = [{"resource": one} for one in resources]
    return json.dumps({"entry": entries, "resourceType": "Bundle", "type": "collection"}).encode()


def glucose(day, value):
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2339-0"}]},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "unit": "mg/dL"},
    }


def condition(text):
    return {
        "resourceType": "Condition",
        "code": {"text": text},
        "subject": {"reference": "Patient/a"},
        "onsetDateTime": "2024-02-01",
    }


def night(day):
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "93832-4"}]},
        "effectivePeriod": {
            "start": f"2024-05-{day:02}T23:00:00Z",
            "end": f"2024-05-{day + 1:02}T06:30:00Z",
        },
    }


@dataclass
class Vault:
    """A person whose records are simply there."""

    contents: list = field(default_factory=list)
    broken: set = field(default_factory=set)
    network: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(
            troubles=[],
            # Nobody's persona came before.
            synced=lambda: SimpleNamespace(earlier=lambda personas: {}),
        )
    )

    def put(self, data_class, media_type, data, day="2024-05-01", source=False):
        number = len(self.contents).to_bytes(32, "big")
        self.contents.append((number, data_class, media_type, data, day, source))
        return number

    def personas(self):
        return {}

    def records(self, *, superseded=False):
        return [
            (
                number,
                SimpleNamespace(
                    data_class=int(data_class), day=day, body=SimpleNamespace(length=len(data))
                ),
            )
            for number, data_class, _, data, day, _ in self.contents
        ]

    def open_record(self, record_id, target):
        from hashlib import sha256

        if record_id in self.broken:
            raise IntegrityError("It does not check out.", code="E_VAULT_BODY")
        _, _, media_type, data, _, source = self.contents[int.from_bytes(record_id, "big")]
        target.write_bytes(data)
        names = ("/media_type", "/sha256", "/size") if source else ("/resourceType",)
        return SimpleNamespace(
            media_type=media_type, digest=sha256(data).digest(), hashes=dict.fromkeys(names, b"")
        )


@pytest.fixture
def vault(monkeypatch, tmp_path):
    made = Vault()
    monkeypatch.setattr(_session.Session, "person", lambda session: made)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    yield made
    assert list(scratch.iterdir()) == []
    _words.use("en")


@pytest.fixture
def full(vault):
    vault.put(
        DataClass.LABS, FHIR_JSON, bundle(glucose("2024-01-01", 95), glucose("2024-03-01", 110))
    )
    vault.put(DataClass.PROBLEMS, FHIR_JSON, bundle(condition("Asthma")), "2024-02-01")
    vault.put(DataClass.MENTAL_HEALTH, FHIR_JSON, bundle(condition("Depression")), "2024-02-01")
    vault.put(DataClass.SLEEP, FHIR_JSON, bundle(night(1), night(2)))
    vault.put(DataClass.GENOME_PANEL, VCF, b"##fileformat=VCFv4.2\n", "")
    vault.put(DataClass.UNCLASSIFIED, "application/zip", b"PK", "2024-05-02", source=True)
    return vault


def test_a_bundle_is_written(aceso, full, tmp_path):
    run = aceso("export", "--json")
    assert run.code == 0, run.err
    assert run.document["files"] == ["aceso-fhir.json"]
    assert (run.document["records"], run.document["resources"]) == (4, 6)
    assert run.document["notFhir"] == 2
    path = tmp_path / "aceso-fhir.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(json.loads(path.read_bytes())["entry"]) == 6


def test_it_is_not_overwritten(aceso, full, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text("before")
    run = aceso("export", "--out", path, "--json")
    assert run.code == 3
    assert run.document["error"]["code"] == "E_EXPORT_EXISTS"
    assert path.read_text() == "before"
    assert aceso("export", "--out", path, "--force").code == 0
    assert path.read_text() != "before"


def test_classes_narrow_it(aceso, full, tmp_path):
    assert aceso("export", "--class", "labs", "--format", "ndjson").code == 0
    lines = (tmp_path / "aceso-fhir.ndjson").read_text().splitlines()
    assert [json.loads(line)["resourceType"] for line in lines] == ["Observation"] * 2


def test_a_summary_leaves_sensitive_classes_out(aceso, full, tmp_path):
    assert aceso("export", "--format", "ips").code == 0
    text = (tmp_path / "aceso-ips.json").read_text()
    assert "Asthma" in text and "Depression" not in text
    named = aceso("export", "--format", "ips", "--class", "problems,mental-health", "--force")
    assert named.code == 0, named.err
    assert "Depression" in (tmp_path / "aceso-ips.json").read_text()


def test_a_page_is_written(aceso, full, tmp_path):
    assert aceso("export", "--format", "pdf", "--lang", "ko").code == 0
    assert (tmp_path / "aceso-summary.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("kind", "name", "data"),
    [
        ("files", "aceso-files/file-001.zip", b"PK"),
        ("vcf", "aceso-genome/genome-001.vcf", b"##fileformat=VCFv4.2\n"),
    ],
)
def test_files_go_into_a_folder(aceso, full, tmp_path, kind, name, data):
    run = aceso("export", "--format", kind, "--json")
    assert run.document["files"] == [name]
    assert (tmp_path / name).read_bytes() == data


def test_a_record_that_does_not_open_is_said(aceso, full, tmp_path):
    full.broken.add((1).to_bytes(32, "big"))
    run = aceso("export", "--json")
    assert run.code == 6
    assert run.document["records"] == 3
    assert [one["code"] for one in run.document["failed"]] == ["E_VAULT_BODY"]
    assert (tmp_path / "aceso-fhir.json").exists()


def test_nothing_is_refused_and_leaves_nothing(aceso, vault, tmp_path):
    run = aceso("export", "--json")
    assert (run.code, run.document["error"]["code"]) == (3, "E_EXPORT_EMPTY")
    assert not (tmp_path / "aceso-fhir.json").exists()
    run = aceso("export", "--format", "vcf", "--json")
    assert run.document["error"]["code"] == "E_EXPORT_NONE"


def test_trends_are_drawn(aceso, full):
    run = aceso("trends", "--lang", "ko")
    assert run.code == 0, run.err
    assert "수면 (시간)" in run.out
    assert "혈당 (mg/dL)" in run.out
    assert any(0x2800 < ord(letter) < 0x2900 for letter in run.out)


def test_trends_by_code(aceso, full):
    run = aceso("trends", "--code", "2339-0", "--json")
    assert [(one["title"], one["values"]) for one in run.document["charts"]] == [
        ("Blood glucose", 2)
    ]


def test_pictures_are_written(aceso, full, tmp_path):
    run = aceso("trends", "--out", tmp_path / "pictures", "--json")
    names = [one["file"].rpartition("/")[2] for one in run.document["charts"]]
    assert names == ["trend-01.png", "trend-02.png"]
    path = tmp_path / "pictures" / "trend-01.png"
    assert path.read_bytes().startswith(b"\x89PNG")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert aceso("trends", "--out", tmp_path / "pictures").code == 3
    assert aceso("trends", "--out", tmp_path / "pictures", "--svg").code == 0
    assert (tmp_path / "pictures" / "trend-02.svg").read_text().startswith("<svg")


def test_trends_refuse(aceso, vault):
    assert aceso("trends", "--svg", "--json").document["error"]["code"] == "E_TRENDS_OUT"
    run = aceso("trends", "--json")
    assert (run.code, run.document["error"]["code"]) == (3, "E_TRENDS_NONE")


def test_the_timeline_counts(aceso, full):
    document = aceso("records", "--timeline", "--json").document
    assert document == {
        "months": [
            {"month": "2024-02", "classes": {"problems": 1, "mental-health": 1}},
            {"month": "2024-05", "classes": {"labs": 1, "unclassified": 1, "sleep": 1}},
        ],
        "undated": 1,
    }
    shown = aceso("records", "--timeline", "--lang", "ko").out
    assert "2024-02" in shown and "█" in shown
