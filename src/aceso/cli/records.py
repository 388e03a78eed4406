"""`aceso import`, `records`, `open` and `forget`."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aceso.codes import DataClass, Use, label
from aceso.errors import AcesoError, InputError, UsageError
from aceso.formats import Format

from . import _terms
from ._click import command
from ._output import errors, receipts, show, steps, table
from ._session import Session
from ._words import language, outcome, say

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import FileReport, ImportReport, Opened, Person

__all__ = ["forget", "open", "records", "take"]

_REFUSED = 3
_ID_DIGITS = 16


# Import


@command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--report", "report_file", type=click.Path(path_type=Path), metavar="FILE")
def take(session: Session, *, paths: Sequence[Path], report_file: Path | None) -> int:
    person = session.person()
    files, hidden = walk(paths)
    with steps(session) as progress:
        report = person.import_files(files, progress=progress)
    document = report_document(report, hidden)
    if report_file is not None:
        _write(report_file, json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    show(session, document, lambda console: show_report(console, report, hidden))
    return _REFUSED if any(is_refused(one) for one in report.files) else 0


def walk(paths: Iterable[Path]) -> tuple[list[Path], int]:
    """The files, those in folders too, each once; and how many hidden ones were passed by."""
    found: dict[Path, None] = {}
    hidden = 0
    for path in paths:
        if not path.is_dir():
            found[path] = None
            continue
        for folder, folders, names in os.walk(path):
            hidden += sum(name.startswith(".") for name in (*folders, *names))
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith("."):
                    found[Path(folder, name)] = None
    return list(found), hidden


def is_refused(report: FileReport) -> bool:
    """Whether nothing in the file was understood, nor kept as a kind that we don't know yet."""
    if report.error:
        return True
    kinds = {one.kind.value for one in report.outcomes}
    # `outcomes` holds what was not taken, `counts` all: the same file again is refused again.
    understood = sum(report.counts.values()) - len(report.outcomes)
    return "refused" in kinds and "kept" not in kinds and understood <= 0


def report_document(report: ImportReport, hidden: int) -> dict[str, Any]:
    """What an import did, for a program."""
    return {
        "added": report.added,
        "hiddenSkipped": hidden,
        "files": [
            {
                "path": str(one.path),
                "format": one.format.name if one.format else "",
                "refused": is_refused(one),
                "error": _error_of(one) or None,
                "outcomes": one.counts,
                "records": one.records,
                "added": one.added,
                "class": _class_name(one.source_class),
                "notTaken": [
                    {
                        "kind": kind,
                        "code": code,
                        "reason": reason,
                        "count": count,
                        "places": places,
                    }
                    for kind, code, reason, count, places in _not_taken(one)
                ],
            }
            for one in report.files
        ],
        "refused": [
            {"record": one.record_id.hex(), "code": one.error.code, "reason": _reason(one.error)}
            for one in (*report.refused_before, *report.refused)
        ],
        "transactions": receipts(report.receipts),
    }


def show_report(console: Console, report: ImportReport, hidden: int) -> None:
    rows = []
    for one in report.files:
        counts = " · ".join(f"{say(f'kind.{kind}')} {n}" for kind, n in one.counts.items() if n)
        added = one.added if one.added or is_refused(one) else say("import.nothing_new")
        rows.append([one.path, _format(one.format), counts, one.records, added])
    columns = ("path", "format", "resources", "records", "added")
    console.print(table(say("import.title"), *(say(f"column.{c}") for c in columns), rows=rows))
    for one in report.files:
        wrong = _error_of(one)
        if wrong:
            console.print(f"{one.path}: {wrong}", markup=False, highlight=False, soft_wrap=True)
        for kind, _, reason, count, places in _not_taken(one):
            if kind == "skipped" and count == 1 and places == ["/"]:
                continue
            where = f" ({', '.join(places)}{' …' if count > len(places) else ''})"
            line = f"{one.path}: {say(f'kind.{kind}')} {count}{where}: {reason}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    gone = Counter(_reason(one.error) for one in (*report.refused_before, *report.refused))
    for reason, count in gone.items():
        line = say("import.refused", count=count, why=reason)
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if hidden:
        console.print(say("import.hidden", count=hidden), highlight=False)
    summary = say("import.added", count=report.added) if report.added else say("import.nothing_new")
    console.print(summary, style="bold", highlight=False)


def _reason(error: AcesoError) -> str:
    from ._words import sentence

    return sentence(error)


def _error_of(report: FileReport) -> str:
    code = getattr(report, "code", "")
    if not report.error:
        return ""
    from ._words import sentence

    return sentence(InputError(report.error, code=code)) if code else report.error


def _not_taken(report: FileReport) -> list[tuple[str, str, str, int, list[str]]]:
    """Reasons why parts were not taken, the most frequent first, with the first places of each."""
    groups: Counter[tuple[str, str, str]] = Counter()
    places: dict[tuple[str, str, str], list[str]] = {}
    for one in report.outcomes:
        kind = one.kind.value
        if kind not in {"refused", "kept", "skipped"}:
            continue
        key = (kind, one.code, outcome(one.code, one.reason))
        groups[key] += 1
        if len(places.setdefault(key, [])) < 3:
            places[key].append(one.place)
    return [(*key, count, places[key]) for key, count in groups.most_common()]


def _format(found: Format | None) -> str:
    if found is None:
        return "-"
    return found.ko if language() == "ko" else found.en


def _class_name(found: DataClass | None) -> str | None:
    return None if found is None else ",".join(_terms.class_names(found))


# Records


@command("records")
@click.option("--class", "classes", metavar="CLASSES")
@click.option("--sync", is_flag=True)
def records(session: Session, *, classes: str | None, sync: bool) -> None:
    wanted = _terms.classes(classes) if classes else None
    person = session.person()
    new = person.sync() if sync else 0
    own = set(person.personas())
    listed = [
        (record_id, note)
        for record_id, note in person.records()
        if wanted is None or DataClass(note.data_class) & wanted
    ]
    rejected = person.rejected if sync else 0
    document = {
        "new": new,
        "rejected": rejected,
        "records": [
            {
                "id": record_id.hex(),
                "class": _class_name(DataClass(note.data_class)),
                "day": note.day or None,
                "issuer": note.issuer,
                "own": note.issuer in own,
                "cid": note.cid,
                "bytes": str(note.body.length),
            }
            for record_id, note in listed
        ],
    }

    def render(console: Console) -> None:
        if rejected:
            console.print(say("records.rejected", count=rejected), highlight=False)
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
            ]
            for record_id, note in listed
        ]
        columns = ("record", "class", "day", "issuer", "bytes")
        title = say("records.title", count=len(listed))
        console.print(table(title, *(say(f"column.{c}") for c in columns), rows=rows))
        if sync:
            console.print(say("records.new", count=new), highlight=False)

    show(session, document, render)


def find_record(person: Person, text: str) -> bytes:
    """The record whose id begins with these digits."""
    wanted = text.lower().removeprefix("0x")
    found = [record_id for record_id, _ in person.records() if record_id.hex().startswith(wanted)]
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
@click.option("--institution", type=click.IntRange(min=1), metavar="N")
@click.option("--gateway", "gateway_home", metavar="DIR")
@click.option("--order", type=click.IntRange(min=1), metavar="N")
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
        _open_shared(session, persona, found, use, institution, gateway_home, out, evidence)
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
        document["class"] = _class_name(DataClass(envelope.data_class))
        if evidence:
            from aceso.flows import evidence_of

            entry = person.entry(record_id)
            made = evidence_of(entry, envelope, person.key_of(entry).dek)
            document["evidence"] = str(_write(evidence_path(out), made.to_json()))
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
    institution: int | None,
    gateway_home: str | None,
    out: Path,
    evidence: bool,
) -> None:
    from aceso.flows import Gateway, Profile, Reader

    subject = _terms.address(persona)
    profile = session.profile("professional", "institution", "researcher")
    network = session.network()
    if institution is None:
        reader = Reader(network, profile)
        opened = reader.open_all(subject, classes=found, folder=out, use=use)
        unopened = reader.unopened
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
            opened = gateway.open_for(member, subject, classes=found, folder=out, use=use)
            unopened = gateway.unopened
        finally:
            behind.close()
    documents = [_opened_document(one, evidence) for one in opened]
    failures = [
        {
            "record": one.entry.record_id.hex(),
            "code": one.error.code,
            "reason": _reason(one.error),
        }
        for one in unopened
    ]
    document = {"persona": subject, "opened": documents, "notOpened": failures}

    def render(console: Console) -> None:
        _say_opened(console, documents)
        for one in failures:
            name = one["record"][:_ID_DIGITS]
            line = say("open.failed", record=name, why=one["reason"])
            console.print(line, markup=False, highlight=False, soft_wrap=True)

    show(session, document, render)


def _opened_document(one: Opened, evidence: bool) -> dict[str, Any]:
    said: dict[str, Any] = {
        "record": one.entry.record_id.hex(),
        "class": _class_name(DataClass(one.envelope.data_class)),
        "mediaType": one.envelope.media_type,
        "issuer": one.envelope.issuer,
        "file": str(one.path),
    }
    if evidence:
        from aceso.flows import evidence_of

        made = evidence_of(one.entry, one.envelope, one.key.dek)
        said["evidence"] = str(_write(evidence_path(one.path), made.to_json()))
    return said


def _open_order(session: Session, order: int, out: Path) -> None:
    from aceso.flows import Researcher

    profile = session.profile("researcher")
    envelope = Researcher(session.network(), profile).open(order, out)
    document = {"order": str(order), "file": str(out), "mediaType": envelope.media_type}
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


@command("forget")
@click.argument("record")
@click.option("--yes", is_flag=True)
def forget(session: Session, *, record: str, yes: bool) -> None:
    person = session.person()
    record_id = find_record(person, record)
    if not session.as_json:
        errors().print(say("forget.limits"), markup=False, highlight=False)
    session.confirm(say("ask.forget", record=record_id.hex()[:_ID_DIGITS]), yes=yes)
    names = person.forget(record_id)
    document = {"record": record_id.hex(), "deletedBy": names}
    text = say("forget.done", record=record_id.hex()[:_ID_DIGITS], count=len(names))
    show(session, document, lambda console: console.print(text, highlight=False))


def _write(path: Path, text: str) -> Path:
    """Write what may say something of a person's health: readable by nobody else."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as exc:
        raise UsageError(
            f"{path} can't be written. Name another file.",
            code="E_OUT",
            details={"path": str(path)},
        ) from exc
    return path
