"""
hostile XML, in every format that is written in it
├── an entity, whatever it is, is refused: expanded to a billion, a file, an address, a parameter
├── nothing is ever asked for: a server listens at the addresses that are named, and hears nothing
├── nesting without end is refused
├── a comment or a tag without an end is refused, in linear time
└── nothing of a file that is named comes into a record or an outcome
"""

from __future__ import annotations

import re
import socket

import pytest

from .conftest import import_all
from .fuzz.seeds import SEEDS

# Those that are parsed; others that are XML are kept whole, unread.
PARSED = ("fhir-xml", "ccda", "apple-health", "tcx", "gpx")
XML = {name: seed for name in PARSED for seed in SEEDS[name][:1]}
SECRET = "Vq3-of-a-file"


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        yield listening


def heard(listening):
    try:
        connection, _ = listening.accept()
    except TimeoutError:
        return False
    connection.close()
    return True


def planted(seed, declarations, use, *, system=""):
    """`seed` with a document type, and a use of its entity where the text of the root begins."""
    body = re.sub(rb"\A\s*<\?xml.*?\?>\s*", b"", seed, flags=re.S)
    body = re.sub(rb"<!DOCTYPE[^\[>]*(\[.*?\]\s*)?>", b"", body, flags=re.S)
    root = re.search(rb"<([A-Za-z_][\w.:-]*)[^>]*>", body)
    doctype = f"<!DOCTYPE {root[1].decode()} {system}[{declarations}]>\n".encode()
    return b'<?xml version="1.0"?>\n' + doctype + body[: root.end()] + use + body[root.end() :]


@pytest.mark.parametrize("name", XML)
@pytest.mark.parametrize("kind", ["bomb", "file", "address", "parameter", "subset", "attribute"])
def test_no_entity_is_expanded_or_fetched(name, kind, server, write, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    url = f"http://127.0.0.1:{server.getsockname()[1]}/x.dtd"
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    declarations, use, system = {
        "bomb": (f'<!ENTITY e0 "aaaaaaaaaa">{levels}', b"&e11;", ""),
        "file": (f'<!ENTITY x SYSTEM "{secret.as_uri()}">', b"&x;", ""),
        "address": (f'<!ENTITY x SYSTEM "{url}">', b"&x;", ""),
        "parameter": (f'<!ENTITY % p SYSTEM "{url}"> %p;', b"", ""),
        "subset": ("", b"", f'SYSTEM "{url}" '),
        "attribute": ('<!ATTLIST x y CDATA "&e0;"><!ENTITY e0 "a">', b"", ""),
    }[kind]
    read = import_all(write(planted(XML[name], declarations, use, system=system)))

    assert not heard(server)
    if kind != "subset":
        assert read.outcomes[0].kind.value in ("refused", "kept")
        assert not read.records
        assert read.codes & {"xml_entity", "broken_xml"}
    for record in read.records:
        assert SECRET.encode() not in record.canonical
    assert SECRET not in "".join(one.reason + one.place for one in read.outcomes)


@pytest.mark.parametrize("name", XML)
def test_nesting_without_end(name, write):
    seed = XML[name]
    body = re.sub(rb"\A\s*<\?xml.*?\?>\s*", b"", seed, flags=re.S)
    root = re.search(rb"<([A-Za-z_][\w.:-]*)[^>]*>", re.sub(rb"<!DOCTYPE.*?>", b"", body))
    deep = body[: body.index(root[0]) + len(root[0])] + b"<a>" * 100_000
    read = import_all(write(deep))

    codes = read.codes
    assert codes & {"too_deep", "broken_xml", "truncated", "not_understood", "damaged", "not_r4"}
    assert all(len(one.reason) < 400 for one in read.outcomes)


@pytest.mark.parametrize("name", XML)
@pytest.mark.parametrize("opening", ["comment", "attribute", "instruction"])
def test_a_tag_without_an_end_is_refused_in_linear_time(name, opening, write):
    body = re.sub(rb"\A\s*<\?xml.*?\?>\s*|<!DOCTYPE.*?>\s*", b"", XML[name], flags=re.S)
    root = re.search(rb"<([A-Za-z_][\w.:-]*)[^>]*>", body)
    begins = {"comment": b"<!--", "attribute": b'<a b="', "instruction": b"<?x "}[opening]
    # Expat looked at it from its beginning for each block: 80 times longer for this size.
    read = import_all(write(root[0] + begins + b"a" * (17 << 20)))

    (code,) = {one.code for one in read.outcomes if one.kind.value == "refused"}
    assert code in ("too_large", "truncated")
