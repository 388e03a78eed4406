"""The steps: a record is issued, anchored, let in to, sold for a time, withdrawn and paid.

What is expected at each step is worked out here from the source files and from plain arithmetic.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from eth_account import Account
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from aceso.chain import Receipt, Request
from aceso.chain.failures import error_code
from aceso.codes import CLINICAL, DataClass, Reason, Use, label
from aceso.devnet import Authority, Devnet, with_suite
from aceso.errors import InputError
from aceso.flows import (
    HOME,
    RESEARCH,
    FileReport,
    Guarded,
    Guardian,
    GuardianShare,
    Network,
    Person,
    Profile,
    Purchase,
    Seller,
    base_units,
    coin,
    evidence_of,
    recover_seed,
    start_recovery,
    verify,
)
from aceso.flows.reader import Opened
from aceso.formats import Kind
from aceso.research import Package
from aceso.samples import SampleFile, generate
from aceso.vault import Seed

from .cast import Cast, gather
from .emergency import show_emergency
from .lying import show_lying
from .stage import Stage

__all__ = ["main"]

_DAY = 24 * 60 * 60
_PRICE = base_units("120")
_DURATION = 30 * _DAY
_INSTITUTION_BPS = 1_000
_FEE_BPS = 500
# Of a folder of thousands, so many files are told of one by one.
_REASONS_SHOWN = 20
_ON_OFFER = DataClass.LABS | DataClass.ACTIVITY
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
        # What a later step needs; empty where the step before went wrong.
        self.purchases: list[Purchase] = []

    def tell(self) -> int:
        stage = self.stage
        if self.data is not None and not self.data.is_dir():
            raise InputError(
                f"There is no folder {self.data}. Name a folder of files with DATA=<folder>.",
                code="E_DEMO_DATA",
                details={"path": str(self.data)},
            )
        with stage.step(
            "A chain, an IPFS node and three custodians start; the contracts are deployed",
            "체인과 IPFS 노드, 수탁자 셋을 띄우고 컨트랙트를 배포합니다",
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
            self._bring()
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
            self._sell()
            for purchase in self.purchases:
                self._deliver(purchase)
                self._withdraw_and_settle(purchase)
            self._evidence()
            self._lost_seed()
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

    def _bring(self) -> None:
        stage, person = self.stage, self.cast.person
        with stage.step(
            "The person brings in the phone's export"
            + (" and a folder of files" * bool(self.data)),
            "본인이 휴대폰 자료" + ("와 폴더의 파일들" * bool(self.data)) + "을 가져옵니다",
        ):
            paths = [self.samples["phone"].path, *_files(self.data)]
            report = person.import_files(paths)
            stage.on_chain(*report.receipts[:3])
            for receipt in report.receipts[3:]:
                stage.steps[-1].gas += receipt.gas_used
                stage.steps[-1].transactions += 1
            stage.console.print(_table(report.files))
            for line in _reasons(report.files):
                stage.say(f"[dim]{escape(line)}[/]")
            asked = {one.path for one in report.files if one.people}
            if asked:
                stage.say(f"{len(asked)} files are about several people: nothing of them is taken")
            kept = self._kept_sources()
            wanted = {
                hashlib.sha256(path.read_bytes()).digest()
                for path in paths
                if path.stat().st_size and path not in asked
            }
            stage.expect(
                f"each of {len(wanted)} other files is kept, byte for byte",
                wanted - kept,
                set(),
            )
            again = person.import_files(paths[:20])
            stage.expect("the same files once more add nothing", again.added, 0)

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

    # Research

    def _sell(self) -> None:
        stage, cast = self.stage, self.cast
        seller, researcher, suite = Seller(cast.person), cast.researcher, self.network.suite
        with stage.step(
            "The person offers an extract of labs and activity; a researcher buys 30 days of it",
            "본인이 검사와 활동 자료의 추출본을 내놓고, 연구자가 30일 이용권을 삽니다",
        ):
            number, receipts = seller.offer(
                classes=_ON_OFFER,
                use=Use.HMB,
                price=_PRICE,
                seconds=_DURATION,
                institution=cast.hospital.account.address,
                institution_bps=_INSTITUTION_BPS,
            )
            stage.on_chain(*receipts)
            wei = _PRICE // suite.sale.rate() + 1
            stage.on_chain(researcher.buy_coin(wei=wei))
            purchase = researcher.buy(number)
            stage.on_chain(*purchase.receipts)
            stage.expect(
                "the price is locked in the market",
                suite.coin.balance_of(suite.addresses["DataMarket"]),
                _PRICE,
            )
            self.purchases.append(purchase)

    def _deliver(self, purchase: Purchase) -> None:
        stage, cast = self.stage, self.cast
        seller, researcher = Seller(cast.person), cast.researcher
        with stage.step(
            "The extract is made, left with the committee, delivered and opened",
            "추출본을 만들어 수탁자들에게 맡기고, 전달하고, 엽니다",
        ):
            delivered = seller.deliver(purchase.order)
            stage.on_chain(*delivered.receipts)
            path = self.folder / "extract.json"
            researcher.open(purchase.order, path)
            text = path.read_text()
            package = Package.read(path.read_bytes())
            stage.expect("it holds resources", len(package.files["Observation.ndjson"]) > 0, True)
            stage.expect(
                "its certificate is of these files, signed by the person",
                package.check().maker,
                cast.person.persona(RESEARCH).address,
            )
            stage.expect(
                "no name, number, address or telephone of the source is left in it",
                [name for name in self._identifiers() if name in text],
                [],
            )
            genome = self._as_buyer(purchase.offer, DataClass.GENOME_PANEL)
            stage.expect(
                "`decide` denies the genome to the buyer",
                self.network.suite.decide(genome).reason,
                Reason.CLASS,
            )
            for data_class in (DataClass.GENOME_PANEL, DataClass.LABS):
                stage.refused(
                    f"no original for the buyer: {label(data_class, 'en')}",
                    partial(self._ask_as_buyer, purchase.offer, data_class),
                    "E_ORDER_ONLY",
                )

    def _withdraw_and_settle(self, purchase: Purchase) -> None:
        stage, cast, suite = self.stage, self.cast, self.network.suite
        seller, researcher = Seller(cast.person), cast.researcher
        with stage.step(
            "Ten days on the person withdraws; the next request is refused",
            "열흘 뒤 본인이 동의를 철회하고, 다음 요청은 거절됩니다",
        ):
            self.devnet.chain.advance_time(10 * _DAY)
            head, _ = suite.market.get_order(purchase.order)
            receipt = seller.withdraw(purchase.offer)
            stage.on_chain(receipt)
            stopped = suite.node.block(receipt.block_number).timestamp
            stage.refused(
                "the researcher",
                lambda: researcher.open(purchase.order, self.folder / "again.json"),
                Reason.WITHDRAWN,
            )
        with stage.step(
            "The order pays for the time that was allowed, to the unit",
            "주문은 허락된 시간만큼만, 한 단위까지 정확히 지급합니다",
        ):
            subject = cast.person.persona(RESEARCH).address
            hospital, buyer = cast.hospital.account.address, researcher.account.address
            before = suite.coin.balance_of(buyer)
            stage.on_chain(researcher.settle(purchase.order))
            payees = (subject, hospital, buyer)
            for payee in payees:
                stage.on_chain(self.network.relayer.send(suite.market.pay_credit(payee)))
            # The price is for 30 days; allowed were the seconds from the delivery to the stop.
            earned = _PRICE * (stopped - head.start) // _DURATION
            fee = earned * _FEE_BPS // 10_000
            to_hospital = earned * _INSTITUTION_BPS // 10_000
            stage.say(
                f"allowed {stopped - head.start:,} of {_DURATION:,} seconds: "
                f"{coin(earned)} of {coin(_PRICE)} coin"
            )
            stage.expect(
                f"the person has {coin(earned - 2 * fee - to_hospital)}",
                suite.coin.balance_of(subject),
                earned - 2 * fee - to_hospital,
            )
            stage.expect(
                f"the hospital has {coin(to_hospital)}",
                suite.coin.balance_of(hospital),
                to_hospital,
            )
            stage.expect(
                f"the researcher has {coin(_PRICE - earned)} back",
                suite.coin.balance_of(buyer) - before,
                _PRICE - earned,
            )
            stage.expect(
                "what is left in the market is the committee's and the commons' part",
                suite.coin.balance_of(suite.addresses["DataMarket"]),
                2 * fee,
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

    def _lost_seed(self) -> None:
        stage, network, person = self.stage, self.network, self.cast.person
        guarded = Guarded(person)
        persona = guarded.persona.address
        guardians = [Guardian(network, Account.create()) for _ in range(3)]
        with stage.step(
            "Two of three guardians can bring a lost seed back, after a delay",
            "시드를 잃으면 후견인 셋 중 둘이 대기 기간 뒤에 되찾을 수 있습니다",
        ):
            shares = guarded.prepare([one.account.address for one in guardians], threshold=2)
            stage.on_chain(*(one.accept(persona) for one in guardians))
            stage.expect("each guardian has words of their own", len({*_words(shares)}), 3)
        if stage.steps[-1].missed:
            return
        with stage.step(
            "The seed is lost: guardians ask, the person could say no, the vault comes back",
            "시드를 잃었습니다. 후견인이 요청하고, 본인은 거부할 수 있으며, 보관함이 돌아옵니다",
        ):
            # What was written down on paper before, and how many records the custodians list.
            written = person.profile.seed.mnemonic.split()
            kept = {record_id for record_id, _ in person.records()}
            helper = Account.create()
            day = network.suite.now() + _DAY

            def start(*some: Guardian) -> Receipt:
                supports = [one.support(persona, helper.address, deadline=day) for one in some]
                return start_recovery(network, supports)

            def recover(words: list[str]) -> Seed:
                return recover_seed(network, helper, persona, words)

            stage.refused(
                "one guardian alone starts nothing",
                lambda: start(guardians[0]),
                error_code("RecoveryInvalidCount"),
            )
            stage.on_chain(start(guardians[0], guardians[1]), guarded.veto())
            # The veto voided what they signed; the person then asks them to.
            stage.on_chain(start(guardians[0], guardians[2]))
            words = _words(shares)
            stage.refused(
                "not before the delay is over",
                lambda: recover([words[0], words[2]]),
                "E_RECOVERY_NOT_READY",
            )
            self.devnet.chain.advance_time(network.suite.guardianship.recovery_delay())
            self.devnet.chain.mine(network.confirmations + 1)
            stage.refused(
                "nor with the words of one", lambda: recover(words[:1]), "E_VAULT_NOT_OPENED"
            )
            seed = recover([words[0], words[2]])
            stage.expect("the seed is that on the paper", seed.mnemonic.split(), written)
            self._restore(seed, kept)

    def _restore(self, seed: Seed, kept: set[bytes]) -> None:
        device = Profile.create(
            self.folder / "restored",
            seed,
            passphrase="a new device",  # noqa: S106 - of a folder that is removed at the end
            kind="person",
            network="",
        )
        try:
            again = Person(self.network, device)
            again.restore()
            found = {record_id for record_id, _ in again.records()}
            self.stage.expect(f"all {len(kept)} records are back on a new device", found, kept)
        finally:
            device.close()

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

    def _kept_sources(self) -> set[bytes]:
        """The SHA-256 of everything that the person brought in, as it is opened again."""
        person, home = self.cast.person, self.cast.person.persona(HOME).address
        path = self.folder / "own" / "source"
        found = set()
        for record_id, note in person.records(superseded=True):
            if note.issuer == home:
                person.open_record(record_id, path)
                found.add(hashlib.sha256(path.read_bytes()).digest())
        return found

    def _hospital_resources(self) -> set[tuple[str, str]]:
        return set(_resources(json.loads(self.samples["hospital"].path.read_text())))

    def _identifiers(self) -> list[str]:
        """Names, numbers and addresses of the person in the hospital's file."""
        found: set[str] = set()
        for (kind, _), resource in _resources(
            json.loads(self.samples["hospital"].path.read_text())
        ).items():
            if kind == "Patient":
                for name in resource.get("name", ()):
                    found |= {name.get("text", ""), name.get("family", ""), *name.get("given", ())}
                for key in ("identifier", "telecom"):
                    found |= {one.get("value", "") for one in resource.get(key, ())}
                for address in resource.get("address", ()):
                    found |= {address.get("text", ""), *address.get("line", ())}
        return sorted(word for word in found if len(word) > 1)

    def _as_buyer(self, offer: int, classes: DataClass) -> Request:
        return Request(
            subject=self.cast.person.persona(RESEARCH).address,
            actor=self.cast.researcher.account.address,
            grantee=Seller(self.cast.person).grantee(offer),
            use=Use.HMB,
            classes=classes,
        )

    def _ask_as_buyer(self, offer: int, data_class: DataClass) -> object:
        asked = self._as_buyer(offer, data_class)
        return self.network.committee.listing(
            actor=self.cast.researcher.account,
            subject=asked.subject,
            grantee=asked.grantee,
            use=asked.use,
            data_class=data_class,
        )


def _words(shares: Iterable[GuardianShare]) -> list[str]:
    return [one.words for one in shares]


def _files(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    return sorted(path for path in folder.rglob("*") if path.is_file())


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


def _reasons(reports: Iterable[FileReport]) -> list[str]:
    """Why files, or parts of them, were not understood: the first reason of each file."""
    found = []
    for report in reports:
        told = [one.reason for one in report.outcomes if one.kind in (Kind.REFUSED, Kind.KEPT)]
        why = report.error or (told[0] if told else "")
        if why:
            more = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
            found.append(f"{report.path.name}: {why}{more}")
    left = len(found) - _REASONS_SHOWN
    return found[:_REASONS_SHOWN] + [f"and {left} more files"] * (left > 0)


def _table(reports: Iterable[FileReport]) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("file · 파일", "format · 형식"):
        table.add_column(heading)
    for heading in ("imported", "kept", "refused", "records"):
        table.add_column(heading, justify="right")
    for report in reports:
        counts = report.counts
        table.add_row(
            report.path.name,
            report.format.en if report.format else "-",
            str(counts.get("imported", 0)),
            str(counts.get("kept", 0)),
            str(counts.get("refused", 0)),
            str(report.records),
        )
    return table
