"""
any resource at all
├── no text of it is left, wherever it stands and whatever its element is called
└── what is left has only elements of the lists, and is the same bytes every time
"""

from __future__ import annotations

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from aceso.codes import DataClass
from aceso.research import Rules, extract
from aceso.research.deidentify._elements import KEPT, OBSERVATION

_RULES = Rules(classes=DataClass((1 << 24) - 1), key=bytes(32), region="state")
_CANARY = "박아픔 7391"
# As a code may look, but none of a list, a system or a unit.
_TOKEN = "Nara7391"
_KEYS = [
    *sorted({key for kept in KEPT.values() for key in kept} | set(OBSERVATION)),
    *("id", "meta", "text", "div", "name", "note", "extension", "identifier", "subject"),
    *("coding", "system", "code", "display", "value", "unit", "start", "end", "state"),
    *("country", "data", "use", _CANARY, _TOKEN),
]
_TEXTS = st.sampled_from(
    [
        _CANARY,
        _TOKEN,
        f"http://loinc.org/{_TOKEN}",
        f"mg/{_TOKEN}",
        f"2024-01-02 {_CANARY}",
        f"http://loinc.org/{_CANARY}",
        f"mg {_CANARY}",
        f"urn:oid:2.16.840.1.113883.6.{_CANARY}",
        "http://loinc.org",
        "http://hl7.org/fhir/sid/icd-10",
        "4548-4",
        "2024-01-02",
        "mg/dL",
        "MA",
    ]
)
_VALUES = st.recursive(
    _TEXTS | st.booleans() | st.integers(0, 300) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)
_RESOURCES = st.builds(
    lambda kind, body: {**body, "resourceType": kind},
    st.sampled_from([*sorted(KEPT), "DocumentReference", _CANARY, _TOKEN]),
    st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=8),
)


@settings(max_examples=200, deadline=None)
@example([{"resourceType": "DiagnosticReport", "status": [["박아픔 7391"]]}])
@given(st.lists(_RESOURCES, max_size=3))
def test_no_text_is_left_wherever_it_stands(resources):
    made = extract(resources, _RULES)
    text = b"".join(made.files().values()).decode() + json.dumps(
        [dict(made.removed), dict(made.parameters), made.counts], ensure_ascii=False
    )

    assert "박" not in text and "7391" not in text and "Nara" not in text
    for one in made.resources:
        assert set(one) - {"resourceType"} <= set(KEPT[one["resourceType"]])
    assert extract(resources, _RULES).files() == made.files()
