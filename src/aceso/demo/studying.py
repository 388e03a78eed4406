"""The study: twenty people read what it asks for, those who match enrol, and time pays them.

Whoever doesn't match is known to nobody: each evaluates on their own device and sends nothing, so
those have no part in what follows. What is expected is read from the people's files and worked out
by plain arithmetic.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from aceso.chain import DisputeState, Ground, Suite, grantee_of_account
from aceso.codes import Condition, DataClass, Reason, Role, Use
from aceso.devnet import Authority, Devnet
from aceso.flows import (
    Enrolling,
    Evaluator,
    Holder,
    Issuer,
    Kind,
    Network,
    Person,
    Profile,
    Store,
    StudyLead,
    StudyPlan,
    Vouch,
    approve,
    base_units,
    close,
    coin,
    document_of,
    draw,
    earnings,
    find_sale,
    find_study,
    judge,
    own_match,
)
from aceso.research import Step, match
from aceso.samples import generate_people
from aceso.vault import Card, Seed

from .stage import Stage

__all__ = ["show_study"]

_DAY = 24 * 60 * 60
_PEOPLE = 20
_PRICE = base_units("30")
_DURATION = 30 * _DAY
_FEE_BPS = 500
_FOREVER = 2**40 - 1
# Who has the body has it here: it isn't waited for longer.
_SEARCH_SECONDS = 1.0
_SUGAR = "4548-4"
_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
_LEAST_SUGAR = 7.5
_AGES = range(45, 71)
_AGES_UNIT = {"system": _UCUM, "code": "a"}
_CRITERIA = {
    "resourceType": "Group",
    "type": "person",
    "actual": False,
    "name": "Sugar in the blood from 45 to 70",
    "characteristic": [
        {
            "code": {"coding": [{"system": _LOINC, "code": "30525-0"}]},
            "valueRange": {
                "low": _AGES_UNIT | {"value": _AGES.start},
                "high": _AGES_UNIT | {"value": _AGES.stop - 1},
            },
            "exclude": False,
        },
        {
            "code": {"coding": [{"system": _LOINC, "code": _SUGAR}]},
            "valueQuantity": {
                "value": _LEAST_SUGAR,
                "comparator": ">=",
                "system": _UCUM,
                "code": "%",
            },
            "exclude": False,
        },
    ],
}


@dataclass(frozen=True, slots=True)
class _Panel:
    """An ethics board with the number of its institution, three who can be drawn, and the hospital
    that everybody's records are from."""

    board: Holder
    institution: int
    evaluators: list[Evaluator]
    hospital: Issuer


def show_study(
    stage: Stage,
    devnet: Devnet,
    network: Network,
    authority: Authority,
    researcher: Profile,
    folder: Path,
) -> list[Person]:
    """`researcher` is the profile of one who is accredited and has ether. Gives who took part."""
    study = _Study(stage, devnet, network, authority, StudyLead(network, researcher), folder)
    study.tell()
    return [enrolling.person for enrolling, _ in study.enrolled]


class _Study:
    def __init__(
        self,
        stage: Stage,
        devnet: Devnet,
        network: Network,
        authority: Authority,
        lead: StudyLead,
        folder: Path,
    ):
        self.stage = stage
        self.devnet = devnet
        self.network = network
        self.authority = authority
        self.lead = lead
        self.folder = folder
        self.study = 0
        # Who issued everybody's records.
        self.hospital = ""
        self.budget = 0
        self.enrolled: list[tuple[Enrolling, int]] = []
        # Where each order's extract lies on IPFS.
        self.bodies: dict[int, str] = {}
        # What each order has to pay, to the unit.
        self.earned: dict[int, int] = {}

    @property
    def suite(self) -> Suite:
        return self.network.suite

    def tell(self) -> None:
        stage = self.stage
        with stage.step(
            "A researcher opens a study for 20 people; an ethics board approves it",
            "연구자가 20명을 위한 연구를 열고, 윤리위원회가 승인합니다",
        ):
            files = generate_people(self.folder / "people", _PEOPLE)
            panel = self._admit()
            self._open(panel)
        if stage.steps[-1].missed:
            return
        self._enrol(files, panel.hospital)
        for act in (self._fulfil, lambda: self._dispute(panel), self._withdraw, self._end):
            # Each goes on from the one before.
            if not stage.steps[-1].missed:
                act()

    def _profile(self, name: str, kind: Kind) -> Profile:
        """A profile for as long as the study: it is never locked, as nobody opens it again."""
        folder = self.folder / name
        folder.mkdir(mode=0o700, parents=True)
        return Profile(folder, kind, "", Seed.make(), Store(folder / "store.db"))

    def _admit(self) -> _Panel:
        board = Holder(self.network, self._profile("board", "institution"))
        evaluators = [
            Evaluator(self.network, self._profile(f"evaluator-{number}", "professional"))
            for number in range(3)
        ]
        everybody = [board, *evaluators]
        hospital = Issuer(self.network, self._profile("hospital", "institution"))
        self.authority.fund([one.account.address for one in (*everybody, hospital)])
        roles: dict[str, Role] = {one.account.address: Role.EVALUATOR for one in evaluators}
        self.hospital = hospital.account.address
        roles[self.hospital] = Role.ISSUER
        roles[board.account.address] = Role.ETHICS_BOARD
        self.authority.accredit(roles)
        numbers = []
        for one in everybody:
            number = self.authority.open_institution(one.account.address)
            member = self.suite.participants.set_member(number, one.account.address, _FOREVER)
            self.network.sender(one.account).send(member)
            numbers.append(number)
        for evaluator, number in zip(evaluators, numbers[1:], strict=True):
            evaluator.join(number)
        return _Panel(board, numbers[0], evaluators, hospital)

    def _open(self, panel: _Panel) -> None:
        stage, lead = self.stage, self.lead
        protocol = self.folder / "protocol.md"
        protocol.write_text("# Sugar over time\nTwo results of each who takes part.\n")
        self.budget = _PEOPLE * _PRICE
        bond = self.suite.disputes.terms().bond
        stage.on_chain(lead.buy_coin(wei=(self.budget + bond) // self.suite.sale.rate() + 1))
        made = lead.create(
            StudyPlan(
                criteria=json.dumps(_CRITERIA).encode(),
                title="Sugar over time",
                summary="How sugar in the blood changes between two visits.",
                protocol=protocol,
                classes=DataClass.LABS,
                use=Use.HMB,
                price=_PRICE,
                cap=_PEOPLE,
                deadline=self.suite.now() + 40 * _DAY,
                duration=_DURATION,
                delivery_period=7 * _DAY,
                conditions=Condition.IRB,
            )
        )
        self.study = made.study
        stage.on_chain(*made.receipts, *lead.fund(made.study, self.budget))
        profile = panel.board.profile
        _, approved = approve(self.network, profile, made.study, institution=panel.institution)
        stage.on_chain(approved)
        stage.expect(
            f"a budget of {coin(self.budget)} coin is held for {_PEOPLE} people",
            self.suite.studies.state_of(made.study).budget,
            self.budget,
        )

    def _enrol(self, files: Sequence[Path], hospital: Issuer) -> None:
        stage = self.stage
        with stage.step(
            "Twenty people look on their own devices whether they match; those who do enrol",
            "스무 명이 각자 기기에서 조건을 확인하고, 맞는 사람만 참여합니다",
        ):
            today = datetime.fromtimestamp(self.suite.now(), UTC).date()
            # What the study published, as each of them reads it, over what each has.
            criteria = document_of(self.network, find_study(self.network, self.study)).criteria
            matching = [
                path
                for path in files
                if match(criteria, iter(_resources(path)), today=today).matches
            ]
            wanted = [path for path in files if _is_looked_for(path, today)]
            count = len(wanted)
            stage.expect(f"{count} of {_PEOPLE} match, by their own records", matching, wanted)
            # A vault says the same: of those who match, and of one who doesn't.
            other = next(path for path in files if path not in wanted)
            said = [self._look(path, hospital) for path in (*matching, other)]
            stage.expect("and by their vaults", said, [True] * count + [False])
            stage.expect(
                "a share of the budget is locked for each",
                self.suite.studies.state_of(self.study).budget,
                self.budget - count * _PRICE,
            )
            self.devnet.chain.mine(self.network.confirmations + 1)

    def _look(self, path: Path, hospital: Issuer) -> bool:
        """Whether a person matches, by the records that their hospital issued to their vault; who
        does enrols, and shows the study that they are this hospital's patient."""
        chart = path.name.split(".")[0]
        person = Person(self.network, self._profile(chart, "person"))
        grantee = grantee_of_account(hospital.account.address)
        card = person.card(person.persona_for(grantee), hospital.classes_of([path]))
        hospital.issue(Card.from_json(card.to_json()), [path], patient=chart)
        person.sync()
        enrolling = Enrolling(person)
        vouch = Vouch.by(hospital, chart, enrolling.subject)
        plan = enrolling.plan(self.study)
        found, _ = own_match(person, plan.document.criteria)
        if found.matches:
            order, receipts = enrolling.enrol(plan, notice=bytes(32), vouches=[vouch])
            self.stage.count(*receipts)
            self.enrolled.append((enrolling, order))
        return found.matches

    def _fulfil(self) -> None:
        stage, lead, network = self.stage, self.lead, self.network
        with stage.step(
            "Each one's extract is delivered, and opens for the researcher alone",
            "각자의 추출본을 전달하고, 연구자만 엽니다",
        ):
            for enrolling, _ in self.enrolled:
                (made,) = enrolling.fulfil((self.study,))
                if made.error is not None:
                    raise made.error
                assert made.delivered is not None  # noqa: S101 - or there is an error
                stage.count(*made.delivered.receipts)
                self.bodies[made.order] = made.delivered.entry.cid
            first, last = self.enrolled[0][1], self.enrolled[-1][1]
            stranger = StudyLead(network, self._profile("stranger", "researcher"))
            stage.refused(
                "another researcher",
                lambda: stranger.open(first, self.folder / "strange.json"),
                "E_RECORD_UNKNOWN",
            )
            done = [lead.download(order, self.folder / f"{order:x}"[:8]) for order in (first, last)]
            stage.expect(
                "each shows that the hospital issued its records, to a patient of its own",
                [{issuer for issuer, _ in one.patients} for one in done],
                [{self.hospital}] * 2,
            )
            stage.expect(
                "the certificates are of the subjects who enrolled",
                [one.certificate.subject for one in done],
                [self.enrolled[0][0].subject, self.enrolled[-1][0].subject],
            )
            stage.expect(
                "each has the four results of the two visits",
                [_count_results(one.folder) for one in done],
                [4, 4],
            )

    def _dispute(self, panel: _Panel) -> None:
        stage, lead, network = self.stage, self.lead, self.network
        _, order = self.enrolled[1]
        with stage.step(
            "One extract is not there any more: a panel opens the case again and says so",
            "추출본 하나가 사라졌습니다. 평가단이 다시 열어 보고 그렇다고 판단합니다",
        ):
            network.ipfs.remove(self.bodies[order])
            stage.expect("nobody has its body", network.ipfs.has(self.bodies[order]), False)
            case = lead.case(order)
            number, sent = lead.dispute(order, Ground.CANNOT_OPEN, case.to_bytes())
            stage.on_chain(*sent)
            disputes = self.suite.disputes
            # The lot is the hash of a block that nobody could know yet.
            lot = disputes.dispute_of(number).draw_block
            self.devnet.chain.mine(lot + 1 - self.suite.node.height())
            stage.on_chain(draw(network, number, network.sender(lead.account)))
            verdict = judge(network, case, seconds=_SEARCH_SECONDS)
            stage.expect("computed from the case: the body", verdict.broken, Step.BODY)
            seats = [disputes.seat_of(number, seat).evaluator for seat in range(disputes.SEATS)]
            sitting = [one for one in panel.evaluators if one.account.address in seats]
            for each in sitting[:2]:
                reason = verdict.why.encode()
                stage.on_chain(each.vote(number, upheld=verdict.upholds, reason=reason))
            stage.expect(
                "two evaluators of two institutions upheld it",
                disputes.dispute_of(number).state,
                DisputeState.UPHELD,
            )
            self.earned[order] = 0
            stage.expect(
                "its whole share is in the budget again",
                self.suite.studies.state_of(self.study).budget,
                self.budget - (len(self.enrolled) - 1) * _PRICE,
            )

    def _withdraw(self) -> None:
        stage, (enrolling, order) = self.stage, self.enrolled[0]
        with stage.step(
            "Ten days on one of them withdraws, and is paid for the ten days alone",
            "열흘 뒤 한 사람이 철회하고, 그 열흘만큼만 받습니다",
        ):
            sale = find_sale(self.network, order)
            self.devnet.chain.advance_time(10 * _DAY)
            receipt = enrolling.person.unshare(sale.grantee(self.network))
            stage.on_chain(receipt)
            stage.refused(
                "the researcher",
                lambda: self.lead.open(order, self.folder / "again.json"),
                Reason.WITHDRAWN,
            )
            stopped = self.suite.node.block(receipt.block_number).timestamp
            start = self.suite.studies.get_order(order)[0].start
            stage.expect("ten days from the delivery on", (stopped - start) // _DAY, 10)
            self.earned[order] = _PRICE * (stopped - start) // _DURATION
            stage.on_chain(self.lead.settle(order))
            self._expect_paid(enrolling, order)

    def _end(self) -> None:
        stage, suite = self.stage, self.suite
        with stage.step(
            "The study is over: all others are paid in full, and the rest of the budget goes back",
            "연구가 끝났습니다. 나머지는 모두 전액을 받고, 남은 예산은 되돌아갑니다",
        ):
            self.devnet.chain.advance_time(40 * _DAY)
            researcher = self.lead.account.address
            before = suite.coin.balance_of(researcher)
            # Anybody may: here whoever carries messages, who is no party of it.
            sent, running = close(self.network, self.study, self.network.relayer)
            stage.count(*sent)
            stage.expect("no order runs any more", running, [])
            for enrolling, order in self.enrolled[2:]:
                self.earned[order] = _PRICE
                self._expect_paid(enrolling, order)
            spent = sum(self.earned.values())
            stage.expect(
                f"{coin(self.budget - spent)} of {coin(self.budget)} coin are back",
                suite.coin.balance_of(researcher) - before,
                self.budget - spent,
            )
            stage.expect(
                "what is left at the desk is the committee's and the commons' part",
                suite.coin.balance_of(suite.addresses["Studies"]),
                2 * sum(earned * _FEE_BPS // 10_000 for earned in self.earned.values()),
            )

    def _expect_paid(self, enrolling: Enrolling, order: int) -> None:
        """Have what is owed to a subject paid, and compare it with plain arithmetic."""
        subject, earned = enrolling.subject, self.earned[order]
        self.stage.count(self.network.relayer.send(self.suite.studies.pay_credit(subject)))
        wanted = earned - 2 * (earned * _FEE_BPS // 10_000)
        self.stage.expect(
            f"a subject has {coin(wanted)} coin, with the reason beside it",
            (
                self.suite.coin.balance_of(subject),
                [(one.sale.order, one.mine) for one in earnings(self.network, subject).orders],
            ),
            (wanted, [(order, wanted)]),
        )


def _resources(path: Path) -> list[dict[str, Any]]:
    entries = json.loads(path.read_text("utf-8"), parse_float=Decimal)["entry"]
    return [entry["resource"] for entry in entries]


def _is_looked_for(path: Path, today: date) -> bool:
    """By plain arithmetic, from the file."""
    patient, *results = _resources(path)
    born = date.fromisoformat(patient["birthDate"])
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    sugar = [
        one["valueQuantity"]["value"]
        for one in results
        if one["code"]["coding"][0]["code"] == _SUGAR
    ]
    return age in _AGES and max(sugar) >= _LEAST_SUGAR


def _count_results(folder: Path) -> int:
    return len((folder / "Observation.ndjson").read_text("utf-8").splitlines())
