"""
a file about several people
├── asks: nothing is taken, not even what is about nobody, and nothing is said to be kept
├── gives what is about the chosen one, and what is about nobody
├── counts people only: what is told of a group, a device or a place is about nobody
├── names them for the screen, and in no outcome
└── one person written twice (same identifier, or a link) is one
"""

from __future__ import annotations

from aceso.formats import import_file

from .conftest import bundle, observation

HOSPITAL = "urn:oid:1.2.410.100110.10.41100616"


def patient(key, /, **more):
    return {"resourceType": "Patient", "id": key} | more


def about(key, number):
    return observation(id=f"o{number}", subject={"reference": f"Patient/{key}"})


TWO = bundle(
    patient("p1", name=[{"text": "가나다"}], birthDate="1980-02-03"),
    about("p1", 1),
    patient("p2", name=[{"family": "Other", "given": ["Ann"]}]),
    about("p2", 2),
    {"resourceType": "Medication", "id": "m1", "code": {"text": "aspirin"}},
)


def test_nothing_is_taken_before_one_is_chosen(write, importing):
    read = importing(write(TWO))

    assert read.records == []
    assert sorted(set(read.kinds)) == ["refused", "skipped"]
    assert "several_people" in read.codes
    assert importing(write(TWO), "p3").records == []


def test_nothing_is_said_to_be_kept_before_one_is_chosen(write, importing):
    older = {"resourceType": "MedicationOrder", "patient": {"reference": "Patient/p1"}}
    people = (patient("p1"), about("p1", 1), patient("p2"), older)

    read = importing(write(bundle(*people)))

    assert sorted(set(read.kinds)) == ["refused", "skipped"]
    assert "kept" in importing(write(bundle(*people)), "p1").kinds


def test_the_chosen_one_gets_theirs_and_what_is_about_nobody(write, importing):
    read = importing(write(TWO), "p2")

    assert {record.subject for record in read.records} == {"p2", ""}
    assert read.kinds.count("imported") == 3
    assert [one.place for one in read.outcomes if one.code == "another_person"] == [
        "/entry/0/resource",
        "/entry/1/resource",
    ]


def test_people_are_named_for_the_screen_only(write):
    with import_file(write(TWO)) as imported:
        assert [(one.key, one.name, one.born) for one in imported.people] == [
            ("p1", "가나다", "1980-02-03"),
            ("p2", "Ann Other", ""),
        ]
        said = f"{imported.people!r} {list(imported.outcomes())!r}"
        assert "가나다" not in said and "Ann" not in said and "1980" not in said


def test_a_group_a_device_and_a_place_are_no_people(write, importing):
    subjects = ("Patient/p1", "Group/g", "Device/d", "https://hospital.example/fhir/Location/l")
    read = importing(
        write(
            bundle(
                *(
                    observation(id=f"o{number}", subject={"reference": text})
                    for number, text in enumerate(subjects)
                )
            )
        )
    )
    assert {record.subject for record in read.records} == {"p1", ""}
    assert read.kinds.count("imported") == 4
    full = observation(id="x", subject={"reference": "https://hospital.example/fhir/Patient/p1"})
    urn = observation(id="y", subject={"reference": "urn:uuid:p1"})
    assert {one.subject for one in importing(write(bundle(full, urn))).records} == {"p1"}


def test_one_person_written_twice_is_one(write, importing):
    number = [{"system": HOSPITAL, "value": "12345"}]
    same = bundle(
        patient("p1", identifier=number),
        about("p1", 1),
        patient("p2", identifier=number),
        about("p2", 2),
    )
    linked = bundle(
        patient("p1", link=[{"other": {"reference": "Patient/p2"}, "type": "seealso"}]),
        about("p1", 1),
        about("p2", 2),
    )
    for content in (same, linked):
        read = importing(write(content))
        assert "several_people" not in read.codes
        assert {record.subject for record in read.records} == {"p1", "p2"}


def test_another_number_of_the_same_system_is_another_person(write, importing):
    people = [
        patient(key, identifier=[{"system": HOSPITAL, "value": value}])
        for key, value in (("p1", "12345"), ("p2", "12346"))
    ]
    assert "several_people" in importing(write(bundle(*people))).codes
