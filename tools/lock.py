"""Take the addresses out of package-lock.json: a lock names what it is, not where it lay.

npm can leave them out by itself (`omit-lockfile-registry-resolved`), but then it also forgets the
versions of packages for other platforms, and `npm ci` refuses its own file.
"""

from __future__ import annotations

import json
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "package-lock.json"


def main() -> None:
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    for name, package in lock["packages"].items():
        package.pop("resolved", None)
        if name and not package.get("inBundle") and not {"version", "integrity"} <= package.keys():
            raise SystemExit(f"{name} is not pinned in package-lock.json")
    text = json.dumps(lock, indent=2, ensure_ascii=False) + "\n"
    LOCK.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
