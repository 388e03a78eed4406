"""`aceso records`, `open`, `reclassify` and `forget`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aceso.codes import DataClass, Use, label
from aceso.errors import InputError, UsageError

from . import _terms
from ._alarms import alarms_document, print_alarms
from ._click import command
from ._output import errors, private_text, show, steps, table
from ._session import Session
from ._unopened import unopened_document, unopened_lines
from ._words import language, say, sentence

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import Forgotten, Opened, Person

__all__ = ["forget", "open", "reclassify", "records"]

_ID_DIGITS = 16


# Records


@command("records")
@click.option("--class", "classes", metavar="CLASSES")
@click.option("--all", "with_superseded", is_flag=True)
@click.option("--sync", is_flag=True)
@click.option("--timeline", is_flag=True)
def records(
    session: Session, *, classes: str | None, with_superseded: bool, sync: bool, timeline: bool
) -> None:
    wanted = _terms.classes(classes) if classes else None
    person = session.person()
    new = 0
    if sync:
        with steps(session) as progress:
            new = person.sync(progress=progress)
    troubles = list(dict.fromkeys(sentence(one) for one in person.network.troubles))
    from aceso.flows import earlier_personas, standing_alarms

    # What is done in one's name is asked of the chain, as what issuers added is.
    stands = standing_alarms(person) if sync else []
    own = {*person.personas(), *earlier_personas(person)}
    listed = [
        (record_id, note)
        for record_id, note in person.records(superseded=with_superseded)
        if wanted is None or DataClass(note.data_class) & wanted
    ]
    if timeline:
        from .exports import show_timeline

        show_timeline(session, [note for _, note in listed])
        return
    rejected = person.rejected if sync else 0
    linked = person.linked()
    document = {
        "new": new,
        "rejected": rejected,
        "troubles": troubles,
        "alarms": alarms_document(stands),
        "records": [
            {
                "id": record_id.hex(),
                "class": _terms.class_name(DataClass(note.data_class)),
                "day": note.day or None,
                "issuer": note.issuer,
                # What nobody signed but the person who brought it in.
                "selfReported": note.issuer in own,
                "supersededBy": _hex(person.superseded_by(record_id)),
                "sameAs": [one.hex() for one in linked.get(record_id, ())],
                "cid": note.cid,
                "bytes": str(note.body.length),
            }
            for record_id, note in listed
        ],
    }

    def render(console: Console) -> None:
        print_alarms(console, stands)
        if rejected:
            console.print(say("records.rejected", count=rejected), highlight=False)
        for trouble in troubles:
            console.print(trouble, markup=False, highlight=False, soft_wrap=True)
        if not listed:
            console.print(say("records.none"))
            return
        rows = [
            [
                record_id.hex()[:_ID_DIGITS],
                label(DataClass(note.data_class), language()),
                note.day or "-",
                say("records.self") if note.issuer in own else note.issuer,
                f"{note.body.length:,}",
                _remark(person.superseded_by(record_id), linked.get(record_id, ())),
            ]
            for record_id, note in listed
        ]
        columns = ("record", "class", "day", "issuer", "bytes", "remark")
        title = say("records.title", count=len(listed))
        console.print(table(title, *(say(f"column.{c}") for c in columns), rows=rows))
        if sync:
            console.print(say("records.new", count=new), highlight=False)

    show(session, document, render)


def _hex(record_id: bytes | None) -> str | None:
    return None if record_id is None else record_id.hex()


def _remark(newer: bytes | None, others: Sequence[bytes]) -> str:
    """What is to be known of a record beside what is in it."""
    if newer is not None:
        return say("records.superseded")
    return say("records.same", record=others[0].hex()[:_ID_DIGITS]) if others else ""


def find_record(person: Person, text: str) -> bytes:
    """The record whose id begins with these digits."""
    wanted = text.lower().removeprefix("0x")
    found = [
        record_id for record_id in person.manifest.records if record_id.hex().startswith(wanted)
    ]
    if len(found) == 1 and wanted:
        return found[0]
    if found:
        raise UsageError(
            f"{len(found)} records begin with {text!r}. Write more of the id.",
            code="E_RECORD_AMBIGUOUS",
            details={"text": text, "count": len(found)},
        )
    from aceso.flows import NothingToOpenError

    raise NothingToOpenError(
        f"There is no record {text[:16]} in this vault. See `aceso records`.",
        code="E_NO_RECORD",
        details={"record": text[:16]},
    )


# Open


@command("open")
@click.argument("record", required=False)
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="PATH")
@click.option("--evidence", is_flag=True)
@click.option("--c4gh", is_flag=True)
@click.option("--reader-key", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--persona", metavar="0x…")
@click.option("--classes", default="clinical", show_default=True, metavar="CLASSES")
@click.option("--use", "use_code", default="TREAT", show_default=True, metavar="USE")
@click.option("--institution", type=click.IntRange(1, 2**96 - 1), metavar="N")
@click.option("--gateway", "gateway_home", metavar="DIR")
@click.option("--guardian", metavar="0x…")
@click.option("--order", type=click.IntRange(1, 2**256 - 1), metavar="N")
def open(
    session: Session,
    *,
    record: str | None,
    out: Path,
    evidence: bool,
    c4gh: bool,
    reader_key: Path | None,
    persona: str | None,
    classes: str,
    use_code: str,
    institution: int | None,
    gateway_home: str | None,
    guardian: str | None,
    order: int | None,
) -> None:
    if sum(one is not None for one in (record, persona, order)) != 1:
        raise UsageError(
            "Name one thing to open: a record of yours, --persona of somebody who shares with "
            "you, or --order for an extract that you bought.",
            code="E_OPEN_WHAT",
        )
    if order is not None:
        _open_order(session, order, out)
    elif persona is not None:
        found = _terms.classes(classes)
        use = _terms.uses(use_code)
        through = (institution, gateway_home, guardian)
        _open_shared(session, persona, found, use, through, out, evidence)
    else:
        _open_own(session, str(record), out, evidence, c4gh, reader_key)


def _open_own(
    session: Session,
    record: str,
    out: Path,
    evidence: bool,
    c4gh: bool,
    reader_key: Path | None,
) -> None:
    if c4gh != (reader_key is not None):
        raise UsageError(
            "--c4gh and --reader-key belong together: a Crypt4GH file is for one reader's key.",
            code="E_C4GH_KEY",
        )
    public = read_c4gh_key(reader_key) if reader_key is not None else b""
    person = session.person()
    record_id = find_record(person, record)
    document: dict[str, Any] = {"record": record_id.hex(), "file": str(out)}
    if c4gh:
        _write_c4gh(person, record_id, out, public)
    else:
        envelope = person.open_record(record_id, out)
        document["mediaType"] = envelope.media_type
        document["class"] = _terms.class_name(DataClass(envelope.data_class))
        if evidence:
            from aceso.flows import evidence_of

            entry = person.entry(record_id)
            made = evidence_of(entry, envelope, person.key_of(entry).dek)
            document["evidence"] = str(private_text(evidence_path(out), made.to_json()))
    show(session, document, lambda console: _say_opened(console, [document]))


def evidence_path(path: Path) -> Path:
    """Where the evidence of a file lies: beside it."""
    return path.with_name(path.name + ".evidence.json")


def read_c4gh_key(path: Path) -> bytes:
    """A reader's Crypt4GH public key: base64 between two lines."""
    import base64
    import binascii

    try:
        lines = path.read_text(encoding="ascii").split("\n")
        body = "".join(line.strip() for line in lines if not line.startswith("-----"))
        key = base64.b64decode(body, validate=True)
    except (OSError, UnicodeDecodeError, binascii.Error) as exc:
        raise _no_c4gh_key(path) from exc
    if len(key) != 32:
        raise _no_c4gh_key(path)
    return key


def _no_c4gh_key(path: Path) -> InputError:
    return InputError(
        f"{path} is not a Crypt4GH public key. `crypt4gh-keygen` makes one.",
        code="E_C4GH_KEY_FILE",
        details={"path": str(path)},
    )


def _write_c4gh(person: Person, record_id: bytes, out: Path, public: bytes) -> None:
    from aceso.vault.crypt4gh import write_crypt4gh

    entry = person.entry(record_id)
    key = person.key_of(entry)
    sealed = out.with_name(f".{out.name}.{os.getpid()}.sealed")
    draft = out.with_name(f".{out.name}.{os.getpid()}.draft")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        person.network.ipfs.read_into(entry.cid, sealed)
        with sealed.open("rb") as source, draft.open("wb") as target:
            write_crypt4gh(source, target, key.dek, key.body, public)
        draft.replace(out)
    finally:
        sealed.unlink(missing_ok=True)
        draft.unlink(missing_ok=True)


def _open_shared(
    session: Session,
    persona: str,
    found: DataClass,
    use: Use,
    through: tuple[int | None, str | None, str | None],
    out: Path,
    evidence: bool,
) -> None:
    from aceso.flows import Gateway, Profile, Reader

    institution, gateway_home, guardian = through

    subject = _terms.address(persona)
    profile = session.profile("professional", "institution", "researcher")
    network = session.network()
    if institution is None:
        reader = Reader(network, profile)
        by = None if guardian is None else _terms.address(guardian)
        opened = reader.open_all(
            subject, classes=found, folder=out, use=use, guardian=by, pass_by=True
        )
        unopened, unlisted = reader.unopened, reader.unlisted
    else:
        if gateway_home is None:
            raise UsageError(
                "An institution opens through its gateway. Name the gateway's profile with "
                "--gateway.",
                code="E_GATEWAY",
            )
        from ._session import home_folder

        question = say("ask.gateway_passphrase")
        secret = session.passphrase(question, variable="ACESO_GATEWAY_PASSPHRASE")
        behind = Profile.open(home_folder(gateway_home), passphrase=secret)
        try:
            gateway = Gateway(network, behind, institution)
            member = Reader(network, profile).account
            opened = gateway.open_for(
                member, subject, classes=found, folder=out, use=use, pass_by=True
            )
            unopened, unlisted = gateway.unopened, gateway.unlisted
        finally:
            behind.close()
    documents = [_opened_document(one, evidence) for one in opened]
    document = {"persona": subject, "opened": documents} | unopened_document(unopened, unlisted)

    def render(console: Console) -> None:
        _say_opened(console, documents)
        for line in unopened_lines(unopened, unlisted):
            console.print(line, markup=False, highlight=False, soft_wrap=True)

    show(session, document, render)


def _opened_document(one: Opened, evidence: bool) -> dict[str, Any]:
    said: dict[str, Any] = {
        "record": one.entry.record_id.hex(),
        "class": _terms.class_name(DataClass(one.envelope.data_class)),
        "mediaType": one.envelope.media_type,
        "issuer": one.envelope.issuer,
        "file": str(one.path),
    }
    if evidence:
        from aceso.flows import evidence_of

        made = evidence_of(one.entry, one.envelope, one.key.dek)
        said["evidence"] = str(private_text(evidence_path(one.path), made.to_json()))
    return said


def _open_order(session: Session, order: int, out: Path) -> None:
    from aceso.flows import Researcher
    from aceso.research import PACKAGE_TYPE

    profile = session.profile("researcher")
    Researcher(session.network(), profile).open(order, out)
    document = {"order": str(order), "file": str(out), "mediaType": PACKAGE_TYPE}
    show(session, document, lambda console: _say_opened(console, [document]))


def _say_opened(console: Console, documents: Sequence[dict[str, Any]]) -> None:
    if not documents:
        console.print(say("open.nothing"))
        return
    for one in documents:
        name = str(one.get("record") or one.get("order"))[:_ID_DIGITS]
        line = say("open.written", record=name, file=one["file"])
        console.print(line, markup=False, highlight=False, soft_wrap=True)
        if "evidence" in one:
            line = say("open.evidence", file=one["evidence"])
            console.print(line, markup=False, highlight=False, soft_wrap=True)


# Forget


@command("reclassify")
@click.argument("record")
@click.option("--to", required=True, metavar="CLASS")
@click.option("--yes", is_flag=True)
def reclassify(session: Session, *, record: str, to: str, yes: bool) -> None:
    wanted = _terms.classes(to)
    if len(list(wanted)) != 1:
        raise UsageError("Name one class, such as mental-health.", code="E_ONE_CLASS")
    person = session.person()
    record_id = find_record(person, record)
    short = record_id.hex()[:_ID_DIGITS]
    note = person.manifest.records[record_id]
    if note.issuer not in person.personas():
        session.confirm(say("ask.reclassify_issued", record=short), yes=yes)
    seen_by = [one for one in person.consents() if one.classes & wanted]
    published = person.reclassify(record_id, wanted)
    document = {
        "record": record_id.hex(),
        "class": _terms.class_name(wanted),
        "now": [entry.record_id.hex() for entry in published.entries],
        "seenBy": len(seen_by),
    }
    text = say("reclassify.done", record=short, name=label(wanted, language()), count=len(seen_by))
    show(session, document, lambda console: console.print(text, highlight=False))


@command("forget")
@click.argument("record", required=False)
@click.option("--yes", is_flag=True)
def forget(session: Session, *, record: str | None, yes: bool) -> None:
    person = session.person()
    if record is None:
        _show_forgotten(session, person)
        return
    record_id = find_record(person, record)
    if not session.as_json:
        errors().print(say("forget.limits"), markup=False, highlight=False)
    session.confirm(say("ask.forget", record=record_id.hex()[:_ID_DIGITS]), yes=yes)
    names = person.forget(record_id)
    waiting = [
        who for one in _forgotten(person) if one.record_id == record_id for who in one.waiting
    ]
    was_backed_up = person.profile.store.get("backup") is not None
    document = {
        "record": record_id.hex(),
        "deletedBy": names,
        "waiting": waiting,
        "backedUp": was_backed_up,
    }

    def render(console: Console) -> None:
        short = record_id.hex()[:_ID_DIGITS]
        console.print(say("forget.done", record=short, count=len(names)), highlight=False)
        if waiting:
            console.print(say("forget.waiting", count=len(waiting)), highlight=False)
        if was_backed_up:
            console.print(say("forget.left_backup"), highlight=False, soft_wrap=True)

    show(session, document, render)


def _forgotten(person: Person) -> list[Forgotten]:
    from aceso.flows import forgotten

    return forgotten(person.profile.store)


def _show_forgotten(session: Session, person: Person) -> None:
    """What was forgotten, and which custodian signed when that it deleted it."""
    person.sync()
    found = _forgotten(person)
    document = {
        "forgotten": [
            {
                "record": one.record_id.hex(),
                "listKey": one.list_key,
                "capsule": "0x" + one.capsule.hex(),
                "receipts": [
                    {
                        "custodian": who,
                        "deletedAt": moment,
                        "signature": "0x" + one.signatures[who].hex(),
                    }
                    for who, moment in one.deleted_at.items()
                ],
                "waiting": list(one.waiting),
            }
            for one in found
        ]
    }
    rows = [
        [one.record_id.hex()[:_ID_DIGITS], who, _terms.moment_text(moment)]
        for one in found
        for who, moment in one.deleted_at.items()
    ]
    rows += [
        [one.record_id.hex()[:_ID_DIGITS], who, say("forget.not_yet")]
        for one in found
        for who in one.waiting
    ]

    def render(console: Console) -> None:
        if not rows:
            console.print(say("forget.none"))
            return
        columns = [say(f"column.{one}") for one in ("record", "shown", "when")]
        console.print(table(say("forget.title"), *columns, rows=rows))

    show(session, document, render)
