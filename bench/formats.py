"""How fast files are read, against the limits, measured in one run.

    python -m bench.formats

FHIR is read from a Bundle on disk as an import reads it: split, parsed, checked against R4,
classified, made canonical, grouped. The validator alone and `fhir.resources`, where it is
installed, are measured on the same resources in the same run.
"""

from __future__ import annotations

import importlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fhirkit

from aceso import formats, samples
from aceso.samples._phone import write_month

__all__ = ["run"]

_COPIES = 12  # Of what the sample history tells of its person, each with ids of its own.


def run() -> list[dict[str, Any]]:
    """Measure, and give one row for each figure: name, value, unit, limit, ratio."""
    with tempfile.TemporaryDirectory() as folder:
        return [*_fhir(Path(folder)), *_apple(Path(folder))]


def _fhir(folder: Path) -> list[dict[str, Any]]:
    history = samples.generate(folder / "samples", seed=1)[0].path
    one = json.loads(history.read_text(encoding="utf-8"))
    entries = []
    for copy in range(_COPIES):
        for entry in one["entry"]:
            resource = entry["resource"]
            # One person: a file about several people is read, and none of it is taken.
            if resource["resourceType"] != "Patient":
                entries.append({"resource": dict(resource, id=f"{resource['id']}-{copy}")})
            elif not copy:
                entries.append({"resource": resource})
    path = folder / "history"
    path.write_text(json.dumps(one | {"entry": entries}, ensure_ascii=False), encoding="utf-8")
    raw = [json.dumps(entry["resource"]).encode() for entry in entries]

    seconds = _best(lambda: _import(path))
    rows = [_row("FHIR import, validated", len(raw) / seconds, "resources/s", 2000)]
    checked = _best(lambda: [fhirkit.validate(one) for one in raw])
    rows.append(_row("fhirkit.validate alone", len(raw) / checked, "resources/s", None))
    peer = _peer(raw)
    if peer is not None:
        rows.append(_row("fhir.resources R4B alone", peer, "resources/s", None))
    return rows


def _peer(raw: list[bytes]) -> float | None:
    try:
        get = importlib.import_module("fhir.resources.R4B").get_fhir_model_class
    except ImportError:
        return None
    models = [(get(json.loads(one)["resourceType"]), one) for one in raw[:1000]]
    return len(models) / _best(lambda: [model.model_validate_json(one) for model, one in models])


def _apple(folder: Path) -> list[dict[str, Any]]:
    path = folder / "export"
    write_month(path, random.Random("bench"))
    text = path.read_text(encoding="utf-8")
    head, _, body = text.partition(" <Record")
    body = " <Record" + body.removesuffix("</HealthData>\n")
    # The same month of a hundred years, so that no measurement repeats.
    years = [body.replace("2024-", f"{year}-") for year in range(1920, 2020)]
    path.write_text(head + "".join(years) + "</HealthData>\n", encoding="utf-8")
    size = path.stat().st_size / (1 << 20)
    seconds = _best(lambda: _import(path))
    return [
        _row("Apple Health export", size / seconds, "MiB/s", 1024 / 180),
        _row("Apple Health export, resident", _resident(path), "MiB", 256, smaller=True),
    ]


def _resident(path: Path) -> float:
    """The most memory that a process of its own needs for an import, in MiB."""
    # Not ru_maxrss, which a child inherits from its parent.
    program = (
        "import sys; from bench.formats import _import; from pathlib import Path;"
        "_import(Path(sys.argv[1]));"
        "told = Path('/proc/self/status').read_text().split();"
        "print(told[told.index('VmHWM:') + 1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], check=True, capture_output=True, text=True
    )
    return int(done.stdout) / 1024


def _import(path: Path) -> int:
    with formats.import_file(path) as imported:
        return sum(record.pieces for record in imported.records())


def _best(work: Callable[[], object], *, times: int = 3) -> float:
    found = []
    for _ in range(times):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return max(min(found), 1e-9)


def _row(
    name: str, value: float, unit: str, limit: float | None, *, smaller: bool = False
) -> dict[str, Any]:
    ratio = None
    if limit is not None:
        ratio = round(limit / value if smaller else value / limit, 2)
    return {"name": name, "value": round(value, 2), "unit": unit, "limit": limit, "ratio": ratio}


if __name__ == "__main__":
    for row in run():
        limit = "" if row["limit"] is None else f"  limit {row['limit']:.1f}, {row['ratio']} x"
        print(f"{row['name']:28} {row['value']:12,.1f} {row['unit']}{limit}")
