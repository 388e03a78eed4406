"""Random acts on studies, each foretold by a ledger.

What happens to an order once it is there is `market_stateful.driver`'s: it delivers, settles as a
whole and in parts, disputes and pays. Here studies are opened, funded, amended, approved and
closed, and people consent, enrol, withdraw and bar.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from brownie import web3

from aceso.codes import Condition, Role
from tests.contracts.market_stateful.driver import HOUR, Driver
from tests.contracts.market_stateful.ledger import OPEN, Offer
from tests.contracts.studies_stateful.ledger import Study, StudyLedger
from tests.contracts.studying import PROTOCOL, Research
from tests.contracts.trading import DAY, HMB, LABS, NONE, ZERO

__all__ = ["StudyDriver"]

IRB = int(Condition.IRB)
BOARD_AT = 6
STUDY_KEYS = 1 << 95
MOST_STUDIES = 12


class StudyDriver(Driver):
    """The buyers are researchers, and no market is there."""

    ledger_of = StudyLedger

    def __init__(self, research: Research, accounts: Any, seed: int) -> None:
        self.board = str(research.board)
        super().__init__(research, accounts, seed)
        self.subjects.append(str(accounts[14]))
        self.everybody.append(str(accounts[14]))
        for researcher in self.buyers[:2]:
            research._accredit(researcher, Role.RESEARCHER)
        self.researchers, self.now = self.buyers[:2], research.now + 1

    def weights(self) -> dict[Callable[[], None], int]:
        return {
            self.rule_wait: 5,
            self.rule_deadline: 2,
            self.rule_open: 2,
            self.rule_amend: 2,
            self.rule_fund: 4,
            self.rule_approve: 2,
            self.rule_accredit: 1,
            self.rule_close: 2,
            self.rule_consent: 14,
            self.rule_enrol: 30,
            self.rule_withdraw: 2,
            self.rule_withdraw_all: 1,
            self.rule_bar: 1,
            self.rule_deliver: 16,
            self.rule_settle: 8,
            self.rule_settle_part: 4,
            self.rule_dispute: 2,
            self.rule_resolve: 2,
            self.rule_pay_credit: 4,
            self.rule_pay_fee: 3,
            self.rule_sale: 2,
            self.rule_transfer: 1,
            self.rule_refused: 1,
        }

    # Choices

    def _number_of(self, group: int, subject: str) -> int:
        study = group >> 16
        key = web3.keccak(
            (STUDY_KEYS | study).to_bytes(32, "big") + bytes(12) + bytes.fromhex(subject[2:])
        )
        return (int.from_bytes(key, "big") >> 16 << 16) | self.ledger.bought[study, subject]

    def _pick_study(self) -> int | None:
        """Mostly one that takes people."""
        all_of_them = list(self.ledger.studies)
        live = [each for each in all_of_them if self.ledger.studies[each].is_open(self.now)]
        found = live if live and self.random.random() < 0.95 else all_of_them
        return self.random.choice(found) if found else None

    def _terms(self, researcher: str) -> tuple[Offer, bool, int, int]:
        """Terms, whether they want a board's approval, the cap and the deadline."""
        bps = self.random.choice((0, 1, 777, 2000))
        terms = Offer(
            subject=researcher,
            price=self.random.choice((1, 19, 20, 41, self.random.randrange(1, 10**16))),
            institution=self.institution if bps else None,
            bps=bps,
            committee=self.random.choice((1, 2)),
            duration=self.random.choice((1, HOUR, DAY, self.random.randrange(2, 3 * DAY))),
            period=self.random.choice((HOUR, DAY)),
        )
        cap = self.random.choice((1, 2, 3, 50))
        deadline = self.now + self.random.choice((DAY, 10 * DAY, 30 * DAY))
        return terms, self.random.random() < 0.3, cap, deadline

    def _words(self, terms: Offer, strict: bool, cap: int, deadline: int) -> tuple[Any, ...]:
        given = self.trade.study(
            researcher=terms.subject,
            price=terms.price,
            institution=terms.institution or ZERO,
            committee=terms.committee,
            duration=terms.duration,
            institutionBps=terms.bps,
            conditions=IRB if strict else 0,
            deliveryPeriod=terms.period,
            deadline=deadline,
            cap=cap,
        )
        return tuple(given.values())

    # Time

    def rule_deadline(self) -> None:
        """It becomes the second at which a study takes nobody any more, give or take one."""
        study = self._pick_study()
        if study is None or self.random.random() < 0.5:
            return
        moment = self.ledger.studies[study].deadline + self.random.choice((-1, 0, 1))
        if self.now < moment < self.now + 2 * DAY:
            self.now = moment

    # Studies

    def rule_open(self) -> None:
        researcher = self.random.choice(self.researchers)
        live = [each for each in self.ledger.studies.values() if each.is_open(self.now)]
        if len(live) >= MOST_STUDIES:
            return
        terms, strict, cap, deadline = self._terms(researcher)
        words = self._words(terms, strict, cap, deadline)
        self._expect("open", self.send(researcher, self.market.open, words, PROTOCOL), True)
        number = len(self.ledger.studies) + 1
        self.ledger.open(number, Study(researcher, cap, deadline), terms, strict=strict)
        self._fund(number, researcher)

    def rule_amend(self) -> None:
        number = self._pick_study()
        if number is None or self.random.random() < 0.5:
            return
        study = self.ledger.studies[number]
        sender = self.random.choice([*[study.researcher] * 5, self.stranger])
        terms, strict, cap, deadline = self._terms(study.researcher)
        words = self._words(terms, strict, cap, deadline)
        expected = sender == study.researcher and not study.is_closed
        done = self.send(sender, self.market.amend, number, words, PROTOCOL)
        if self._expect("amend", done, expected):
            self.ledger.amend(number, cap, deadline, terms, strict=strict)

    def rule_fund(self) -> None:
        number = self._pick_study()
        if number is not None:
            self._fund(number, self.random.choice(self.buyers))

    def _fund(self, number: int, payer: str) -> None:
        held = self.ledger.coin[payer]
        price = self.ledger.offers[self.ledger.newest(number)].price
        amount = self.random.choice((1, 3 * price, 3 * price + 1, 20 * price, held // 9))
        expected = self.ledger.studies[number].is_open(self.now) and amount <= held
        done = self.send(payer, self.market.fund, number, amount)
        if self._expect("fund", done, expected):
            self.ledger.fund(number, payer, amount)

    def rule_approve(self) -> None:
        """A board approves a revision, or takes that back; the researcher can't be the board."""
        strict = [each for each in self.ledger.strict if each not in self.ledger.approved]
        group = self.random.choice(strict or list(self.ledger.offers) or [0])
        if not group:
            return
        sender = self.random.choice([*[self.board] * 9, self.stranger])
        takes_back = group in self.ledger.approved
        if takes_back and self.random.random() < 0.7:
            return
        place = 0 if takes_back else BOARD_AT
        done = self.send(sender, self.market.approveStudy, group, place)
        may = sender == self.board and (takes_back or self.ledger.is_board)
        if self._expect("approve", done, may):
            (self.ledger.approved.discard if takes_back else self.ledger.approved.add)(group)

    def rule_accredit(self) -> None:
        """The board's accreditation ends, or is given again."""
        people, by = self.trade.participants, str(self.trade.authority)
        change = people.unaccredit if self.ledger.is_board else people.proposeAccreditation
        done = self.send(by, change, self.board, int(Role.ETHICS_BOARD), 0)
        if not self.ledger.is_board:
            done = done and self.send(by, people.accredit, self.board)
        self._expect("accredit", done, True)
        self.ledger.is_board = not self.ledger.is_board

    def rule_close(self) -> None:
        found = [each for each, study in self.ledger.studies.items() if not study.is_closed]
        ended = [each for each in found if self.now >= self.ledger.studies[each].deadline]
        number = self.random.choice(ended or found or [0])
        if not number or (not ended and self.random.random() < 0.7):
            return
        study = self.ledger.studies[number]
        over = self.now >= study.deadline
        sender = self.random.choice((study.researcher, self.stranger))
        expected = not study.is_closed and (sender == study.researcher or over)
        if self._expect("close", self.send(sender, self.market.close, number), expected):
            self.ledger.close(number)

    # What a subject does

    def rule_consent(self) -> None:
        """A subject consents to the newest revision, mostly where there is a place."""
        number = self._pick_study()
        if number is None:
            return
        group, subject = self.ledger.newest(number), self.random.choice(self.subjects)
        study, last = self.ledger.studies[number], self.ledger.orders.get((number, subject))
        taken = study.enrolled >= study.cap or (last is not None and last.is_live)
        if taken and self.random.random() < 0.8:
            return
        consent = self.ledger.consents.get((group, subject))
        stands = consent and consent.stands and self.now < consent.valid_until
        if stands and self.random.random() < 0.97:
            return
        now = self.now
        until = now + self.random.choice((HOUR, DAY, 5 * DAY, 30 * DAY))
        conditions = IRB if group in self.ledger.strict else 0
        granted = (self._group(group), LABS, HMB, conditions, 0, now, until, NONE)
        self._expect("consent", self.send(subject, self.consents.grant, granted), True)
        self.ledger.grant(group, subject, now, until)

    def rule_withdraw(self) -> None:
        """Mostly of an order that runs."""
        live = [each for each in self.ledger.orders.values() if each.is_live]
        if not live:
            return
        order, moment = self.random.choice(live), self.now
        done = self.send(order.buyer, self.consents.withdraw, self._group(order.offer))
        self._expect("withdraw", done, True)
        self.ledger.withdraw(order.offer, order.buyer, moment)

    def rule_bar(self) -> None:
        """Bar a researcher, and take that back: which voids the orders between them."""
        moment, barred = self.now, sorted(self.ledger.barred)
        if self.random.random() < 0.5:
            return
        if barred and self.random.random() < 0.6:
            subject, researcher = self.random.choice(barred)
            self._expect("unbar", self.send(subject, self.consents.unbar, researcher), True)
            self.ledger.unbar(subject, researcher)
        else:
            subject = self.random.choice(self.subjects)
            researcher = self.random.choice(self.researchers)
            self._expect("bar", self.send(subject, self.consents.bar, researcher), True)
            self.ledger.bar(subject, researcher, moment)

    # Orders

    def rule_enrol(self) -> None:
        places = [(group, who) for group, who in self.ledger.consents if self._is_free(group, who)]
        if places and self.random.random() < 0.97:
            group, subject = self.random.choice(places)
        else:
            number = self._pick_study()
            if number is None or self.random.random() < 0.97:
                return
            revision = self.random.randint(1, self.ledger.studies[number].revision)
            group, subject = number << 16 | revision, self.random.choice(self.subjects)
        moment = self.now
        expected = self.ledger.may_enrol(group, subject, moment)
        done = self.send(subject, self.market.enrol, group)
        if self._expect("enrol", done, expected):
            self.ledger.enrol(group, subject, moment)

    def rule_deliver(self) -> None:
        """Rarely where nothing is to be delivered."""
        live = self.ledger.orders.values()
        if any(one.state == OPEN and self.now < one.deadline for one in live) or (
            self.random.random() < 0.1
        ):
            super().rule_deliver()

    def _is_free(self, group: int, subject: str) -> bool:
        return bool(self.ledger.may_enrol(group, subject, self.now))

    # Invariants

    def check_all(self) -> None:
        """Those of the market; and how each study stands, and what each revision says."""
        super().check_all()
        for number, study in self.ledger.studies.items():
            words = self.view(self.market.stateOf, number)
            found = [int.from_bytes(words[at : at + 32], "big") for at in range(0, 192, 32)]
            state = [study.budget, study.enrolled, study.revision, study.deadline, study.is_closed]
            state.append(study.places)
            assert found == state, f"S1: study {number}"
        for group, terms in self.ledger.offers.items():
            words = self.view(self.market.getStudy, group)
            found = [int.from_bytes(words[at : at + 32], "big") for at in range(0, 192, 32)]
            said = [int(terms.subject, 16), terms.price, int(terms.institution or ZERO, 16)]
            said += [terms.committee, terms.duration, terms.bps]
            assert found == said, f"S2: revision {group:x}"
            board = self.number(self.market.boardOf, group)
            assert (board != 0) == self.ledger.is_attested(group), f"S2: board of {group:x}"

    def _close_all(self) -> None:
        """E5: after its deadline a stranger closes every study."""
        for number, study in self.ledger.studies.items():
            if not study.is_closed:
                assert self.send(self.stranger, self.market.close, number)
                self.ledger.close(number)
        # All that is left is owed to somebody.
        assert not any(study.budget for study in self.ledger.studies.values())
