"""
FHIR in JSON, as it comes
├── a list of resources, bare or after a mark, is read one by one
├── NDJSON of bulk exports: blank lines, marks, CR LF, one line, a first line longer than the head
├── UTF-16, UTF-32 and CP949 are read with every digit, and an outcome says so
│   └── Latin-1, and a mix, are refused
└── an IPS document: every section's entries and the Composition are records
"""

from __future__ import annotations

import json

import pytest

from aceso.formats import Kind, detect
from tests.python.shared_data import SHARED, needs_shared

from ..conftest import bundle, import_all, observation

KOREAN = observation(
    code={"text": "공복 혈당 검사"}, valueQuantity={"value": 0, "unit": "mg/dL"}, id="1"
)
TEXT = json.dumps(bundle(KOREAN), ensure_ascii=False).replace('"value": 0', '"value": 99.90')


def bodies(path):
    return [record.canonical for record in import_all(path).records]


def test_a_list_of_resources_is_read_one_by_one(write, importing):
    one, two = observation(), observation(id="two")
    path = write(json.dumps([one, two, "x", {"resourceType": "Nonsense"}]))
    read = importing(path)

    assert read.format.name == "fhir-list"
    assert read.kinds[:2] == ["imported", "imported"]
    assert [outcome.place for outcome in read.outcomes][:2] == ["/0", "/1"]
    assert bodies(write([one, two])) == bodies(write(bundle(one, two)))
    assert bodies(write(b"\xef\xbb\xbf " + json.dumps([one]).encode())) == bodies(write(one))


def test_a_list_whose_type_comes_late_is_found(write, importing):
    late = {"note": [{"text": "x" * 90_000}]} | observation()
    assert next(iter(late)) == "note"

    assert importing(write([late, observation(id="two")])).kinds == ["imported", "imported"]


@pytest.mark.parametrize("content", [[], [1, 2], [{"a": 1}], [[observation()]], {"a": [1]}])
def test_other_lists_are_none_of_fhir(content, write):
    assert not detect(write(json.dumps(content))).name.startswith("fhir")


def test_a_list_that_is_cut_says_where(write, importing):
    text = json.dumps([observation(), observation(id="two")])
    for cut in range(1, 150, 7):
        read = importing(write(text[:-cut]))

        assert read.kinds[0] == "imported"
        assert read.kinds[-1] == "refused"
        assert read.outcomes[-1].code == "truncated"
        assert read.kinds.count("imported") == (2 if cut == 1 else 1)


@pytest.mark.parametrize(
    "join",
    [
        "{0}\n{1}\n",
        "{0}\n{1}",
        "\ufeff{0}\r\n\r\n{1}\r\n",
        "\n\n{0}\n \n\n{1}\n\n",
        "{0}\n\ufeff{1}\n",
    ],
)
def test_lines_are_read_however_they_end(join, write, importing):
    one, two = json.dumps(observation()), json.dumps(observation(id="two"))
    read = importing(write(join.format(one, two)))

    assert read.format.name == "fhir-ndjson"
    assert read.kinds == ["imported", "imported"]


def test_one_line_is_one_resource(write, importing):
    assert importing(write(json.dumps(observation()) + "\r\n")).kinds == ["imported"]


def test_a_first_line_longer_than_the_head_is_a_line(write, importing):
    long = json.dumps(observation(note=[{"text": "x" * 200_000}]))
    read = importing(write(f"\n{long}\n{json.dumps(observation(id='two'))}\n"))

    assert read.format.name == "fhir-ndjson"
    assert read.kinds == ["imported", "imported"]
    alone = importing(write(f"{long}\n\n"))
    assert (alone.format.name, alone.kinds) == ("fhir", ["imported"])


def test_a_broken_line_costs_that_line(write, importing):
    lines = [json.dumps(observation()), '{"resourceType": "Obs', json.dumps(observation(id="b"))]
    read = importing(write("\n".join(lines)))

    assert read.kinds == ["imported", "refused", "imported"]
    assert read.outcomes[1].place == "line 2"


@pytest.mark.parametrize(
    "encoding",
    ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "cp949", "euc-kr"],
)
def test_other_encodings_give_the_same_record(encoding, write, importing):
    read = importing(write(TEXT.encode(encoding)))

    assert [record.canonical for record in read.records] == bodies(write(TEXT))
    assert b"99.90" in read.records[0].canonical
    assert "공복 혈당 검사".encode() in read.records[0].canonical
    assert read.outcomes[0].code == "encoding"
    assert read.outcomes[0].kind is Kind.SKIPPED


def test_lines_and_lists_in_cp949_are_read(write, importing):
    line = json.dumps(KOREAN, ensure_ascii=False)
    two = line.replace('"id": "1"', '"id": "2"')

    assert importing(write(f"{line}\n{two}\n".encode("cp949"))).kinds[1:] == ["imported"] * 2
    assert importing(write(f"[{line},{two}]".encode("cp949"))).kinds[1:] == ["imported"] * 2


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("공복 혈당 검사", "glicémia em jejum").encode("latin-1"),
        TEXT.replace("공복 혈당 검사", "NAÇÃO").encode("latin-1"),
        TEXT.encode("cp949").replace(b"mg/dL", b"\xff"),
    ],
)
def test_what_can_be_several_encodings_is_refused(text, write, importing):
    read = importing(write(text))

    assert not read.records
    assert Kind.REFUSED in {outcome.kind for outcome in read.outcomes}


def test_a_line_in_another_encoding_costs_that_line(write, importing):
    read = importing(write(TEXT.encode() + b"\n" + TEXT.encode("cp949")))

    assert read.kinds == ["imported", "refused"]
    assert read.outcomes[1].code == "not_utf8"


def test_utf_16_that_is_cut_within_a_character_is_refused(write, importing):
    read = importing(write(TEXT.encode("utf-16")[:-101] + b"\x00\xd8\x00"))

    assert read.kinds == ["skipped", "refused"]


@needs_shared
@pytest.mark.parametrize(("name", "resources"), [("ips-nz-pj", 55), ("ips-link", 11)])
def test_an_ips_document_is_read_whole(name, resources):
    path = SHARED / "clinical" / f"ips_{name}.json"
    read = import_all(path)
    kinds = [kind for record in read.records for kind in record.resource_types]
    assert read.kinds.count("imported") == resources
    assert "Composition" in kinds
    assert not [one for one in read.outcomes if one.kind is Kind.REFUSED]
