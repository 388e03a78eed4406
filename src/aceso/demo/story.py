"""The steps: a record is issued, anchored, let in to, sold for a time, withdrawn and paid.

What is expected at each step is worked out here from the source files and from plain arithmetic.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from aceso.codes import CLINICAL, DataClass, Reason, Use, label
from aceso.devnet import Authority, Devnet, with_suite
from aceso.errors import InputError
from aceso.flows import (
    Network,
    evidence_of,
    verify,
)
from aceso.flows.reader import Opened
from aceso.samples import SampleFile, generate

from .bringing import show_bringing
from .cast import Cast, gather
from .emergency import show_emergency
from .lying import show_lying
from .recovering import show_lost_seed
from .selling import show_sale
from .stage import Stage
from .studying import show_study
from .uniting import show_union

__all__ = ["main"]

_DAY = 24 * 60 * 60
_IN_UNION = 3
# What a reader of the hospital's file would call sensitive, in the words of the file itself.
_SENSITIVE_WORDS = ("HIV", "75622-1", "Depress", "우울", "PHQ-9", "44249-1")


def main(data: Path | None = None, *, console: Console | None = None) -> int:
    """Show everything, on the sample data or with a folder of files besides; 0 if all is well."""
    stage = Stage(console or Console())
    with tempfile.TemporaryDirectory(prefix="aceso-demo-") as folder:
        return _Story(stage, Path(folder), data).tell()


class _Story:
    def __init__(self, stage: Stage, folder: Path, data: Path | None):
        self.stage = stage
        self.folder = folder
        self.data = data
        self.samples: dict[str, SampleFile] = {}

    def tell(self) -> int:
        stage = self.stage
        if self.data is not None and not self.data.is_dir():
            raise InputError(
                f"There is no folder {self.data}. Name a folder of files with DATA=<folder>.",
                code="E_DEMO_DATA",
                details={"path": str(self.data)},
            )
        with stage.step(
            "A chain, two IPFS nodes and three custodians start; the contracts are deployed",
            "체인과 IPFS 노드 둘, 수탁자 셋을 띄우고 컨트랙트를 배포합니다",
        ):
            devnet = Devnet.start(self.folder / "network", stages=[with_suite()])
        if stage.steps[-1].missed:
            return stage.close()
        with devnet, Network.read(self.folder / "network") as network:
            self.devnet, self.network = devnet, network
            stage.say(
                f"[dim]{len(network.suite.addresses)} contracts, chain "
                f"{network.suite.chain_id}, any {network.facts.threshold} of "
                f"{len(network.facts.members)} custodians release a key[/]"
            )
            with stage.step(
                "Hospital, laboratory, physician and researcher are accredited",
                "병원, 검사기관, 의사, 연구자가 인증을 받습니다",
            ):
                authority = Authority(devnet, network.suite)
                self.cast: Cast = gather(network, authority, self.folder)
            if stage.steps[-1].missed:
                return stage.close()
            self.samples = {sample.issuer: sample for sample in generate(self.folder / "samples")}
            self._issue()
            show_bringing(
                stage,
                self.cast.person,
                self.samples["phone"].path,
                self.data,
                self.folder / "brought",
            )
            self._physician()
            show_lying(stage, devnet, network, self.cast, self.folder / "lied-to")
            self._gateway()
            self._stranger()
            show_emergency(
                stage,
                network,
                authority,
                self.cast,
                self.samples["hospital"].path,
                self.folder / "emergency",
            )
            show_sale(
                stage,
                devnet,
                network,
                self.cast,
                self.samples["hospital"].path,
                self.folder / "sale",
            )
            people = show_study(
                stage,
                devnet,
                network,
                authority,
                self.cast.researcher.profile,
                self.folder / "study",
            )
            show_union(
                stage,
                devnet,
                network,
                self.cast.hospital,
                self.cast.researcher.profile,
                people[:_IN_UNION],
                self.folder / "union",
            )
            self._evidence()
            show_lost_seed(stage, devnet, network, self.cast.person, self.folder / "restored")
        return stage.close()

    # Records come in

    def _issue(self) -> None:
        stage, cast = self.stage, self.cast
        for issuer, name, en, ko in (
            (
                cast.hospital,
                "hospital",
                "The hospital issues and signs a history of four years",
                "병원이 4년간의 진료 기록을 발급하고 서명합니다",
            ),
            (
                cast.laboratory,
                "laboratory",
                "The laboratory issues a genome",
                "검사기관이 유전체를 발급합니다",
            ),
        ):
            with stage.step(en, ko):
                path = self.samples[name].path
                persona = cast.person.persona_for(
                    bytes(12) + bytes.fromhex(issuer.account.address[2:])
                )
                card = cast.person.card(persona, issuer.classes_of([path]))
                report = issuer.issue(card, [path])
                stage.on_chain(*report.receipts)
                new = cast.person.sync()
                stage.expect("the person's device finds what was issued", new, report.added)
        with stage.step(
            "The person opens what the hospital issued, alone, with the seed",
            "본인은 시드만으로 병원이 발급한 기록을 엽니다",
        ):
            source = _resources(json.loads(self.samples["hospital"].path.read_text()))
            found = self._open_own(cast.hospital.account.address)
            left = {key for key in source if key not in found}
            stage.expect(
                f"all {len(found)} of {len(source)} resources about the person are there, equal "
                "value by value",
                (
                    {kind for kind, _ in left} <= {"Organization", "Practitioner"},
                    all(found[key] == source[key] for key in found),
                ),
                (True, True),
            )

    # People are let in, or not

    def _physician(self) -> None:
        stage, person, physician = self.stage, self.cast.person, self.cast.physician
        with stage.step(
            "The person chooses a primary physician, who opens everything clinical that was chosen",
            "본인이 주치의를 정하고, 주치의는 허락된 임상 기록을 모두 엽니다",
        ):
            stage.on_chain(person.choose_physician(physician.account.address))
            persona = person.persona_for(physician.grantee)
            opened = physician.open_all(
                persona.address, classes=CLINICAL, folder=self.folder / "chart"
            )
            wanted = {
                record_id
                for record_id, note in person.records(superseded=True)
                if DataClass(note.data_class) & CLINICAL
            }
            stage.expect(
                f"all {len(wanted)} clinical records open",
                {one.entry.record_id for one in opened},
                wanted,
            )
            chart = _opened_resources(opened)
            text = json.dumps(
                [value for key, value in chart.items() if key in self._hospital_resources()],
                ensure_ascii=False,
            )
            stage.expect(
                "nothing sensitive is among what the hospital issued",
                [word for word in _SENSITIVE_WORDS if word in text],
                [],
            )
            for data_class in (DataClass.HIV, DataClass.GENOME_PANEL):
                stage.refused(
                    f"{label(data_class, 'en')} · {label(data_class, 'ko')}",
                    partial(physician.listing, persona.address, data_class=data_class),
                    Reason.CLASS,
                )

    def _gateway(self) -> None:
        stage, cast = self.stage, self.cast
        member, gateway = cast.colleague.account, cast.gateway
        with stage.step(
            "A colleague opens labs through the hospital's gateway, as long as employed there",
            "동료 의료진은 재직하는 동안만 병원 게이트웨이로 검사 결과를 엽니다",
        ):
            stage.on_chain(
                cast.hospital.add_member(
                    gateway.number, member.address, until=self.network.suite.now() + 365 * _DAY
                ),
                cast.person.share(gateway.grantee, classes=DataClass.LABS, uses=Use.TREAT),
            )
            persona = cast.person.persona_for(gateway.grantee).address

            def open_labs() -> list[Opened]:
                return gateway.open_for(
                    member, persona, classes=DataClass.LABS, folder=self.folder / "ward"
                )

            all_records = cast.person.records(superseded=True)
            labs = sum(1 for _, note in all_records if note.data_class == DataClass.LABS)
            stage.expect(f"all {labs} lab records open", len(open_labs()), labs)
            stage.on_chain(
                cast.hospital.add_member(
                    gateway.number, member.address, until=self.network.suite.now()
                )
            )
            stage.refused("after leaving the hospital", open_labs, Reason.NOT_MEMBER)

    def _stranger(self) -> None:
        stage, person, stranger = self.stage, self.cast.person, self.cast.stranger
        with stage.step(
            "A stranger gets nothing, and is told why",
            "낯선 사람은 아무것도 얻지 못하고, 그 까닭을 듣습니다",
        ):
            persona = person.persona_for(self.cast.physician.grantee).address
            for data_class in (DataClass.LABS, DataClass.SLEEP):
                stage.refused(
                    f"{label(data_class, 'en')} · {label(data_class, 'ko')}",
                    partial(stranger.listing, persona, data_class=data_class),
                    Reason.NOT_GRANTED,
                )

    def _evidence(self) -> None:
        stage, cast = self.stage, self.cast
        with stage.step(
            "Somebody who is handed a file checks where it comes from",
            "파일을 건네받은 사람이 원본인지 확인합니다",
        ):
            record_id = next(
                record_id
                for record_id, note in cast.person.records()
                if note.issuer == cast.hospital.account.address
                and note.data_class == DataClass.LABS
            )
            path = self.folder / "handed" / "labs.json"
            envelope = cast.person.open_record(record_id, path)
            entry = cast.person.entry(record_id)
            evidence = evidence_of(entry, envelope, cast.person.key_of(entry).dek)
            verdict = verify(self.network, path, evidence)
            stage.expect(
                "the hospital issued it, accredited, and it still stands",
                (verdict.issuer, verdict.genuine),
                (cast.hospital.account.address, True),
            )
            path.write_bytes(path.read_bytes().replace(b"0", b"1", 1))
            try:
                verify(self.network, path, evidence)
                refused = False
            except InputError:
                refused = True
            stage.expect("one changed digit is noticed", refused, True)

    # What steps share

    def _open_own(self, issuer: str) -> dict[tuple[str, str], Any]:
        person = self.cast.person
        found: dict[tuple[str, str], Any] = {}
        for record_id, note in person.records():
            if note.issuer == issuer:
                path = self.folder / "own" / "record"
                person.open_record(record_id, path)
                found |= _resources(json.loads(path.read_text()))
        return found

    def _hospital_resources(self) -> set[tuple[str, str]]:
        return set(_resources(json.loads(self.samples["hospital"].path.read_text())))


def _resources(bundle: Any) -> dict[tuple[str, str], Any]:
    """The resources of a Bundle by type and id."""
    found = {}
    for entry in bundle.get("entry", ()):
        resource = entry.get("resource", {})
        if "id" in resource:
            found[(resource["resourceType"], resource["id"])] = resource
    return found


def _opened_resources(opened: Iterable[Opened]) -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    for one in opened:
        if one.envelope.media_type == "application/fhir+json":
            found |= _resources(json.loads(one.path.read_text()))
    return found
