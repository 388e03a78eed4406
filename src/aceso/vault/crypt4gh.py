"""A sealed body as a standard Crypt4GH file, for samtools and its friends.

    write_crypt4gh(sealed, target, key.dek, key.body, reader_public_key)

The vault stores no Crypt4GH header. One is made here for one reader's Crypt4GH key (X25519, 32
bytes), with the data key and an edit list [0, length] that hides the padding; the segments follow
as they are. The header is not post-quantum, and an edit list is no access control: whoever opens
the file can read the padding too. The file is for the reader's own disk.
"""

from __future__ import annotations

import logging
import os
import shutil
from typing import BinaryIO, Final

from ._bytes import exactly
from .segments import DEK_BYTES, Body, check_body

__all__ = ["write_crypt4gh"]

_LOGGERS: Final = ("crypt4gh", "crypt4gh.header", "crypt4gh.keys", "crypt4gh.lib")


def write_crypt4gh(
    source: BinaryIO, target: BinaryIO, dek: bytes, body: Body, reader_public_key: bytes
) -> None:
    """Check that `source` is all of `body`, then write it with a header for this reader."""
    exactly(dek, DEK_BYTES, "a data key")
    exactly(reader_public_key, 32, "a Crypt4GH public key")
    start = source.tell()
    check_body(source, body)
    source.seek(start)
    # Imported late: it is slow to load, and few need it.
    from crypt4gh import header

    for name in _LOGGERS:
        # At level DEBUG the library writes session keys and secret keys to the log.
        logging.getLogger(name).disabled = True
    keys = [(0, os.urandom(32), reader_public_key)]
    packets = [header.make_packet_data_enc(0, dek)]
    if body.length:
        packets.append(header.make_packet_data_edit_list([0, body.length]))
    target.write(
        header.serialize([sealed for packet in packets for sealed in header.encrypt(packet, keys)])
    )
    # The library refuses to keep nothing, so nothing is written as no segments at all.
    if body.length:
        shutil.copyfileobj(source, target, 1 << 20)
