"""
script in narrative
├── is never in a summary, in the page to print, in a table of CDA, nor in what is said of a file
├── words and tables stay, and what is coded stays whatever the narrative
└── the way out of a record gives back what came, byte for byte
"""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, date, datetime

import pypdf
import pytest

from aceso import formats
from aceso.exports import Resources, Summary, write_bundle, write_ips
from aceso.exports._narrative import plain_narratives
from aceso.exports.pdf import write_pdf

from .conftest import held_of

XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'
ACTING = [
    "<script>alert(1)</script>",
    "<SCRIPT>alert(1)</SCRIPT>",
    "<h:script>alert(1)</h:script>",
    '<img src="http://127.0.0.1:9/a.png"/>',
    '<img src=" file:///etc/passwd"/>',
    '<a href="java&#115;cript:alert(1)">x</a>',
    '<a href="data:text/html,x">x</a>',
    '<p onclick="alert(1)">x</p>',
    "<p/onmouseover=alert(1)>x</p>",
    '<iframe src="#"></iframe>',
    "<svg><animate/></svg>",
    '<form action="http://127.0.0.1"><input/></form>',
    '<p style="background:url(http://127.0.0.1/a)">x</p>',
    '<link rel="stylesheet" href="#"/>',
    "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>",
    "<?xml-stylesheet href='http://127.0.0.1/x.xsl'?>",
    "<![CDATA[<script>]]>",
]
PLAIN = '<p>Words</p><table><tr><td style="color:red">1</td></tr></table><a href="#p">x</a>'


def patient(inside, **more):
    text = {"status": "generated", "div": f"<div {XHTML}>{inside}</div>"}
    return {
        "resourceType": "Patient",
        "id": "p1",
        "name": [{"family": "김", "given": ["가상"]}],
        "text": text,
    } | more


def condition(inside):
    return {
        "resourceType": "Condition",
        "id": "c1",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"text": "cough <script>alert(2)</script>"},
        "subject": {"reference": "Patient/p1"},
        "onsetDateTime": "2024-05-01",
        "text": patient(inside)["text"],
        "contained": [{"resourceType": "Medication", "id": "m", "text": patient(inside)["text"]}],
    }


@pytest.fixture
def held(tmp_path):
    def make(inside):
        path = tmp_path / "bundle"
        entries = [{"resource": one} for one in (patient(inside), condition(inside))]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        path.write_text(json.dumps(bundle))
        return held_of(path)

    return make


def summary_of(held):
    with Resources.of(held) as resources:
        return Summary.of(resources, language="en")


@pytest.mark.parametrize("inside", ACTING)
def test_nothing_that_acts_is_in_a_summary(inside, held):
    stream = io.BytesIO()
    write_ips(summary_of(held(inside)), stream, now=datetime(2024, 6, 1, tzinfo=UTC))

    document = json.loads(stream.getvalue())
    own = {"Composition"}
    for entry in document["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] in own:
            shown = "".join(one["text"]["div"] for one in resource["section"])
            assert "<script" not in shown and "&lt;script" in shown
        else:
            assert "text" not in resource
            assert all("text" not in one for one in resource.get("contained", ()))
    (found,) = [one["resource"] for one in document["entry"] if "code" in one["resource"]]
    assert found["code"]["text"].startswith("cough")


def test_words_and_tables_stay():
    resource = patient(PLAIN)

    assert plain_narratives(resource) == resource
    assert plain_narratives({"code": {"text": "<script>"}}) == {"code": {"text": "<script>"}}


def test_the_page_to_print_holds_words_alone(held):
    stream = io.BytesIO()
    write_pdf(summary_of(held(ACTING[0])), stream, today=date(2024, 6, 1))

    data = stream.getvalue()
    assert not re.search(rb"/(JavaScript|JS|AA|URI|Launch|EmbeddedFile)\b", data)
    text = "".join(page.extract_text() for page in pypdf.PdfReader(stream).pages)
    assert "alert(1)" not in text


@pytest.mark.parametrize("inside", ACTING)
def test_the_way_out_gives_back_what_came(inside, held):
    records = held(inside)
    stream = io.BytesIO()
    with Resources.of(records) as resources:
        write_bundle(resources, stream)

    bodies = [resource["text"]["div"] for resource in _resources(stream.getvalue())]
    assert bodies == [f"<div {XHTML}>{inside}</div>"] * 2


def _resources(data):
    return [entry["resource"] for entry in json.loads(data)["entry"]]


def test_outcomes_say_nothing_of_a_narrative(tmp_path):
    path = tmp_path / "file"
    path.write_text(json.dumps(patient("<script>alert(1)</script>", active="<script>")))
    with formats.import_file(path) as imported:
        (outcome,) = imported.outcomes()

    assert outcome.code == "not_r4" and "<" not in outcome.reason
