"""What a file of more than 2 GiB takes on its whole way: `aceso import`, and `aceso open` after it.

A scan or a genome is as large, and 32 bits no longer count its bytes. The commands are processes of
their own on a local network; what is measured is the most memory that each ever held, and that the
file that comes back is the one that went in.
"""

from __future__ import annotations

import filecmp
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from aceso.devnet import Devnet, with_suite

MIB = 1 << 20
FILE_MIB = 2049
LIMIT_MIB = 256

# Not ru_maxrss, which a child inherits from its parent.
_COMMAND = """
import sys
from aceso.cli import main
code = main(sys.argv[1:])
with open("/proc/self/status") as status:
    sys.stderr.write(next(line.split()[1] for line in status if line.startswith("VmHWM")))
sys.exit(code)
"""


def run() -> list[dict[str, Any]]:
    """Measure everything."""
    with (
        tempfile.TemporaryDirectory() as name,
        Devnet.start(Path(name) / "net", stages=[with_suite()]),
    ):
        folder = Path(name)
        source, back = folder / "scan.bin", folder / "back.bin"
        _write(source)
        _aceso(folder, "init", "--yes")
        imported, seconds = _aceso(folder, "import", str(source))
        listed, _ = _aceso(folder, "records")
        (record,) = json.loads(listed.stdout)["records"]
        opened, _ = _aceso(folder, "open", str(record["id"]), "--out", str(back))
        if not filecmp.cmp(source, back, shallow=False):
            raise RuntimeError("What came back is not what was put in.")
    return [
        _row(f"import of {FILE_MIB} MiB: peak memory", int(imported.stderr) / 1024),
        _row("opening them again: peak memory", int(opened.stderr) / 1024),
        {
            "name": "import of them, to two IPFS nodes and read back from both",
            "value": round(FILE_MIB / seconds, 1),
            "unit": "MiB/s",
        },
    ]


def _row(name: str, peak: float) -> dict[str, Any]:
    return {
        "name": name,
        "value": round(peak),
        "unit": "MiB",
        "limit": LIMIT_MIB,
        "ratio": round(LIMIT_MIB / peak, 2),
    }


def _write(path: Path) -> None:
    """No two parts of it are alike, and none can be compressed."""
    noise = os.urandom(MIB - 8)
    with path.open("wb") as file:
        for place in range(FILE_MIB):
            file.write(place.to_bytes(8) + noise)


def _aceso(folder: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """Run a command; gives what it said, with its peak in KiB on standard error, and its time."""
    where = ("--home", str(folder / "home"), "--network", str(folder / "net"), "--json")
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", _COMMAND, *arguments, *where],
        env=os.environ | {"ACESO_PASSPHRASE": "a passphrase of a benchmark"},
        capture_output=True,
        text=True,
        check=True,
    )
    return done, time.monotonic() - began
