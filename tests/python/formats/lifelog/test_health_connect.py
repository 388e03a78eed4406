"""
Health Connect
├── counts, values, series, stages: in their units and in the zone of their record, by their app
├── what isn't read of a table is told; a table without a name here is counted, not named
├── a row that can't be is refused by its number
└── a database of a stranger: a view is no table, nothing of its schema is run, a query that goes on
    is ended, a damaged one is refused
"""

from __future__ import annotations

import pytest

from aceso.formats.lifelog import health_connect as module

from ..fuzz.accounts import health_connect


def test_the_records(take):
    taken = take(health_connect())

    assert sorted(taken.said) == [
        ("blood_pressure", "2024-05-31T11:30:00-03:30", ""),
        ("body_weight", "2024-06-01T00:00:00+09:00", "70500.5 g"),
        ("heart_rate", "2024-06-01T00:00:00+09:00", "62 /min"),
        ("heart_rate", "2024-06-01T00:00:05.5+09:00", "63 /min"),
        ("sleep_in_bed", "2024-06-01T00:00:00+09:00", ""),
        ("sleep_stage", "2024-06-01T00:00:00+09:00", "light"),
        ("sleep_stage", "2024-06-01T01:00:00+09:00", "rem"),
        ("step_count", "2024-06-01T00:00:00+09:00", "12 {steps}"),
    ]
    assert {one["device"]["display"] for one in taken.observations} == {"com.example.band"}
    assert [(one.place, one.code) for one in taken.outcomes if one.code] == [
        ("blood_pressure_record_table", "columns_left")
    ]


def test_rows_that_can_not_be(take):
    taken = take(
        health_connect(
            "INSERT INTO steps_record_table VALUES (2,x'',1,0,0,60000,0,0,-3),"
            "(3,x'',1,'x',0,60000,0,0,1),(4,x'',1,60000,0,0,0,0,1),(5,x'',1,0,0,60000,0,0,'x');"
        )
    )
    assert [one.place for one in taken.outcomes if one.code == "bad_value"] == [
        f"steps_record_table, row {number}" for number in (2, 3, 4, 5)
    ]


def test_other_tables(take):
    taken = take(
        health_connect(
            "CREATE TABLE secret_record_table (x); INSERT INTO secret_record_table VALUES (1);"
            "CREATE TABLE empty_record_table (x);"
            "CREATE VIEW distance_record_table AS SELECT 1 AS distance, 2 AS start_time;"
            "DROP TABLE weight_record_table; CREATE TABLE weight_record_table (x);"
            "INSERT INTO weight_record_table VALUES (1);"
        )
    )
    kept = [one for one in taken.outcomes if one.kind.value == "kept"]
    assert [one.place for one in kept] == ["table 6", "weight_record_table"]
    assert not any("secret" in one.place + one.reason for one in taken.outcomes)
    assert "distance" not in {one[0] for one in taken.said}


def test_a_column_that_is_reckoned_is_not_read(take):
    taken = take(
        health_connect(
            "DROP TABLE weight_record_table;"
            "CREATE TABLE weight_record_table (time INTEGER, weight REAL GENERATED ALWAYS AS "
            "(time * 2) VIRTUAL); INSERT INTO weight_record_table VALUES (1717167600000);"
        )
    )
    assert [one.code for one in taken.outcomes if one.place == "weight_record_table"] == [
        "not_understood"
    ]


def test_a_query_that_goes_on_is_ended(take, monkeypatch):
    monkeypatch.setattr(module, "_STEPS", 100)
    monkeypatch.setattr(module, "_MAX_STEPS", 10)
    taken = take(
        health_connect(
            "WITH RECURSIVE n(i) AS (SELECT 9 UNION ALL SELECT i + 1 FROM n WHERE i < 999) "
            "INSERT INTO steps_record_table SELECT i, x'', 1, i, 0, i, 0, 0, 1 FROM n;"
        )
    )
    assert [(one.place, one.code) for one in taken.outcomes if one.code == "too_large"] == [
        ("steps_record_table", "too_large")
    ]


@pytest.mark.parametrize("cut", [9_000, 10_000])
def test_a_cut_database_is_refused(take, cut):
    assert "damaged" in take(health_connect()[:cut]).codes


def test_another_database_is_kept(take, tmp_path):
    data = health_connect().replace(b"_record_table", b"_another_thing")
    assert take(data).codes in (["not_understood"], ["damaged"])
