"""A month of an Apple Health export: steps, heart rate, sleep, weight and one run a week."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path

__all__ = ["write_month"]

_FIRST = datetime(2024, 6, 1)
_DAYS = 30
_ZONE = "+0900"
_HEADER = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE HealthData [
<!-- HealthKit Export Version: 13 -->
<!ELEMENT HealthData (ExportDate,Me,(Record|Workout|ActivitySummary)*)>
<!ATTLIST HealthData locale CDATA #REQUIRED>
<!ELEMENT ExportDate EMPTY>
<!ATTLIST ExportDate value CDATA #REQUIRED>
]>
<!-- Invented measurements of nobody, for tests and demonstrations. -->
<HealthData locale="ko_KR">
 <ExportDate value="2024-07-01 09:00:00 +0900"/>
 <Me HKCharacteristicTypeIdentifierDateOfBirth="1978-01-01"/>
"""


def write_month(path: Path, rng: random.Random) -> None:
    """Write the export to `path`."""
    lines = [_HEADER]
    weight = 76.4
    for index in range(_DAYS):
        day = _FIRST + timedelta(days=index)
        lines += _day(rng, day)
        weight += rng.uniform(-0.3, 0.25)
        morning = day + timedelta(hours=7)
        lines.append(
            _record("HKQuantityTypeIdentifierBodyMass", "kg", morning, morning, f"{weight:.1f}")
        )
        if index % 7 == 3:
            lines.append(_run(rng, day + timedelta(hours=19)))
    lines.append("</HealthData>\n")
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def _day(rng: random.Random, day: datetime) -> list[str]:
    lines = []
    bed = day - timedelta(minutes=rng.randrange(20, 90))
    wake = bed + timedelta(minutes=rng.randrange(360, 470))
    lines.append(
        _record(
            "HKCategoryTypeIdentifierSleepAnalysis",
            None,
            bed,
            wake,
            "HKCategoryValueSleepAnalysisAsleepCore",
        )
    )
    for hour in range(7, 23):
        start = day + timedelta(hours=hour, minutes=rng.randrange(60), seconds=rng.randrange(60))
        rate = str(rng.randrange(58, 112))
        lines.append(_record("HKQuantityTypeIdentifierHeartRate", "count/min", start, start, rate))
        if rng.random() < 0.7:
            end = start + timedelta(minutes=rng.randrange(2, 10))
            steps = str(rng.randrange(80, 1400))
            lines.append(_record("HKQuantityTypeIdentifierStepCount", "count", start, end, steps))
    return lines


def _record(kind: str, unit: str | None, start: datetime, end: datetime, value: str) -> str:
    shown = f' unit="{unit}"' if unit else ""
    return (
        f' <Record type="{kind}" sourceName="가상 시계"{shown} creationDate="{_time(end)}" '
        f'startDate="{_time(start)}" endDate="{_time(end)}" value="{value}"/>\n'
    )


def _run(rng: random.Random, start: datetime) -> str:
    minutes = rng.randrange(22, 40)
    end = start + timedelta(minutes=minutes)
    return (
        f' <Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="{minutes}" '
        f'durationUnit="min" totalDistance="{minutes / 6.2:.2f}" totalDistanceUnit="km" '
        f'sourceName="가상 시계" creationDate="{_time(end)}" startDate="{_time(start)}" '
        f'endDate="{_time(end)}"/>\n'
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} {_ZONE}"
