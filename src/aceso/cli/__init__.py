"""The command `aceso`: what each actor does, from a terminal or from a program.

    aceso init                         a seed and a place on this device
    aceso import history.json          sealed, on IPFS, anchored
    aceso share 0x… --classes labs     says what that means, and asks
    aceso who-can-see --json           one JSON document on standard output

It adds nothing to the flows but words: tables, progress, questions, and sentences for what went
wrong, in English and Korean. docs/cli.md describes it.
"""

from ._main import main

__all__ = ["main"]
