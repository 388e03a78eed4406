"""A suite that one account fills, and what each act costs that account then.

`Crowd` (contracts/test) is the account: it does an act many times in one transaction, and signs
whatever it is asked, so the signed twins are measured too. Measured is the frame of the call
itself, as the node traces it, without the transaction around it.
"""

from __future__ import annotations

from typing import Any

from brownie import project as projects
from brownie import web3

from aceso.chain import Reward
from aceso.codes import DataClass, Role, Use
from aceso.vault.batch import standard_leaf
from tests.contracts.acting import DAY, NOTICE
from tests.contracts.growth.filling import fill
from tests.contracts.trading import mine_blocks

__all__ = ["Suite"]

# Acts in one transaction: a node keeps the whole state of each block, so few blocks are quick.
_CHUNK = 2_500
_FOREVER = 2**40 - 1
# A quarter of a year of 365.25 days, to which majority is rounded.
_QUARTER = 7_889_400
_PROTOCOL = ("0x" + "01" * 32, "0x" + "02" * 32, "0x" + "03" * 32)
_KEY = "0x" + "4b" * 32
_BATCH = "0x" + "ba" * 32
_COIN = 10**18
_EPOCH = 600
_LABS, _HMB, _TREAT = int(DataClass.LABS), int(Use.HMB), int(Use.TREAT)


def _account(number: int) -> str:
    return web3.to_checksum_address(number.to_bytes(20, "big"))


def _word(number: int) -> str:
    return "0x" + number.to_bytes(32, "big").hex()


def _of(contract: str, costs: dict[str, int]) -> dict[str, int]:
    return {f"{contract}.{act}": gas for act, gas in costs.items()}


class Suite:
    """The contracts, their one user, and a buyer. `fill` adds entries, `costs` measures."""

    def __init__(self, accounts: Any) -> None:
        (made,) = projects.get_loaded_projects()
        by = {"from": accounts[0]}
        self.sender = accounts[0].address
        self.user, self.buyer, *self.custodians = (made.Crowd.deploy(by) for _ in range(5))
        self.evaluators = [made.Crowd.deploy(by) for _ in range(4)]
        self.participants = made.ParticipantRegistry.deploy(self.user, 0, by)
        self.consents = made.ConsentRegistry.deploy(self.participants, by)
        self.records = made.RecordRegistry.deploy(self.participants, by)
        self.log = made.AccessLog.deploy(self.participants, by)
        self.guardianship = made.Guardianship.deploy(self.participants, DAY, DAY, by)
        self.coin = made.RewardCoin.deploy(self.user, accounts[1], 10**9 * _COIN, by)
        # Reviews of two minutes, so that they can be waited for.
        self.emergency = made.EmergencyAccess.deploy(
            self.participants, self.guardianship, self.coin, _COIN, 60, by
        )
        # Windows and panels of a minute, and epochs of ten; enough of them are over at once.
        nonce = accounts[0].nonce
        pool_at, board_at = (accounts[0].get_deployment_address(nonce + place) for place in (1, 2))
        self.pooled = made.RewardCoin.deploy(self.user, pool_at, 10**9 * _COIN, by)
        self.pool = made.RewardPool.deploy(
            self.records, self.pooled, board_at, (10**12, 65_535, _EPOCH), by
        )
        self.board = made.RewardBoard.deploy(
            self.participants, self.pooled, self.pool, 60, 60, 1, by
        )
        web3.provider.make_request("evm_mine", [self.now + 1_200 * _EPOCH])
        # The market is linked with the newest of them.
        made.Offers.deploy(by)
        made.Settlement.deploy(by)
        # Two evaluators are drawn within some minutes, and have one.
        self.disputes = made.Disputes.deploy(
            self.participants, self.coin, 5 * _COIN, _COIN, 600, 60, by
        )
        self.judged = made.DataMarket.deploy(
            self.consents, self.participants, self.coin, accounts[2], self.disputes, DAY, by
        )
        self.market = made.DataMarket.deploy(
            self.consents, self.participants, self.coin, accounts[2], self.user, DAY, by
        )
        made.StudyBook.deploy(by)
        self.studies = made.Studies.deploy(
            self.consents, self.participants, self.coin, accounts[2], self.user, DAY, by
        )
        self.committee = ([str(member) for member in self.custodians], 2)
        self.entries = 0
        self._fresh = 1 << 100
        self._prepare()

    def _prepare(self) -> None:
        for place, custodian in enumerate(self.custodians, start=1):
            self.do(self.participants.openInstitution, self.user)
            self.do(self.participants.setMember, place, custodian, _FOREVER, 0)
            self.do(self.participants.proposeAccreditation, custodian, int(Role.CUSTODIAN), 0)
            self.do(self.participants.accredit, custodian)
        self.do(self.participants.registerCommittee, self.committee, [1, 2, 3])
        # The user is a minor with two guardians, and has two physicians.
        self.majority = (self.now + 5_000 * DAY) // _QUARTER * _QUARTER
        self.guardians = sorted(self.custodians[:2], key=lambda one: int(str(one), 16))
        for guardian in self.guardians:
            self.do(self.participants.proposeAccreditation, guardian, int(Role.PHYSICIAN), 0)
            self.do(self.participants.accredit, guardian)
            self.do(self.guardianship.nameGuardian, self._appointment(str(guardian)))
            accept = self.guardianship.acceptGuardianshipWithSig
            self.do(accept, self.user, guardian, self.now + DAY, b"")
        self._succeeded = list(self.custodians)
        self.do(self.consents.grant, self._terms(self._group(1, self.participants), _TREAT))
        self.do(self.coin.mint, self.buyer, 10**6 * _COIN)
        self.do(self.coin.mint, self.user, 10**6 * _COIN)
        self.do(self.coin.approve, self.market, 10**6 * _COIN, by=self.buyer)
        self.do(self.coin.approve, self.user, 10**6 * _COIN)
        # The buyer is a researcher, and one of the custodians an ethics board.
        self.do(self.coin.approve, self.studies, 10**6 * _COIN, by=self.buyer)
        self.do(self.participants.proposeAccreditation, self.buyer, int(Role.RESEARCHER), 0)
        self.do(self.participants.accredit, self.buyer)
        self.do(self.studies.open, self._study(), _PROTOCOL, by=self.buyer)
        self.do(self.studies.fund, 1, 10**5 * _COIN, by=self.buyer)
        # The buyer is a clinician too, whom two of the custodians review.
        self.do(self.coin.approve, self.emergency, 10**6 * _COIN, by=self.buyer)
        self.do(self.participants.setMember, 1, self.buyer, _FOREVER, 0)
        for each, role in (
            (self.buyer, Role.EMERGENCY_CLINICIAN),
            (self.custodians[1], Role.ETHICS_BOARD),
            (self.custodians[2], Role.ETHICS_BOARD),
            *((one, Role.EVALUATOR) for one in (self.buyer, *self.custodians[1:], self.user)),
        ):
            self.do(self.participants.proposeAccreditation, each, int(role), 0)
            self.do(self.participants.accredit, each)
        for evaluator in (self.buyer, *self.custodians[1:]):
            self.do(self.pooled.mint, evaluator, 10**6)
            self.do(self.pooled.approve, self.board, 10**6, by=evaluator)

        for market in (self.judged, self.disputes):
            self.do(self.coin.approve, market, 10**6 * _COIN, by=self.buyer)
        for place, each in enumerate(self.evaluators, start=4):
            # Institutions of their own: the user is the subject.
            self.do(self.participants.openInstitution, each)
            self.do(self.participants.setMember, place, each, _FOREVER, 0, by=each)
            self.do(self.participants.proposeAccreditation, each, int(Role.EVALUATOR), 0)
            self.do(self.participants.accredit, each)
        for place, each in enumerate(self.evaluators[1:], start=5):
            self.do(self.disputes.joinPanel, place, by=each)
        # Those of rewards: the buyer of the first institution, custodians, the user of the eighth.
        self.do(self.participants.openInstitution, self.user)
        self.do(self.participants.setMember, 8, self.user, _FOREVER, 0)

    # --- Terms ---

    @property
    def now(self) -> int:
        return int(web3.eth.get_block("latest")["timestamp"])

    def _terms(self, grantee: str, use: int) -> tuple[Any, ...]:
        return (grantee, _LABS, use, 0, 0, self.now, self.now + 30 * DAY, NOTICE)

    def _appointment(self, guardian: str) -> tuple[Any, ...]:
        """As a guardian with every power, until majority; two of them recover a seed."""
        return (guardian, 7, self.now, self.majority, self.majority, 2)

    def _offer(self) -> tuple[Any, ...]:
        nobody = _account(0)
        return (
            *(str(self.user), _COIN, nobody, 1, 30 * DAY, 0),
            *(_HMB, _LABS, 0, 0, 3 * DAY, False),
        )

    def _study(self) -> tuple[Any, ...]:
        return (
            *(str(self.buyer), _COIN, _account(0), 1, 30 * DAY, 0, _HMB, _LABS, 0, 0),
            *(3 * DAY, self.now + 1000 * DAY, 10**6),
        )

    def _group(self, number: int, contract: Any) -> str:
        return _word(number << 160 | int(str(contract), 16))

    # --- Acts ---

    def do(self, function: Any, *arguments: Any, by: Any = None) -> int:
        """One act in a second of its own, and the gas of its own frame."""
        web3.provider.make_request("evm_setNextBlockTimestamp", [self.now + 12])
        hash_ = self._send(by or self.user, function, arguments, "", "", 0, 0, 1)
        trace = web3.provider.make_request(
            "debug_traceTransaction", [hash_, {"tracer": "callTracer"}]
        )["result"]
        (frame,) = trace["calls"]
        assert frame["to"].lower() == function._address.lower()
        return int(frame["gasUsed"], 16)

    def _fill(
        self, count: int, function: Any, *arguments: Any, cut: int, step: int = 1, by: Any = None
    ) -> None:
        """`count` acts; in each, the word at place `cut` is a number of its own, from its value
        in `arguments` on."""
        data = function.encode_input(*arguments)[10:]
        first = int(data[64 * cut : 64 * cut + 64], 16)
        head, tail = data[: 64 * cut], data[64 * cut + 64 :]
        for done in range(0, count, _CHUNK):
            amount = min(_CHUNK, count - done)
            self._send(
                by or self.user, function, None, head, tail, first + done * step, step, amount
            )

    def _send(
        self,
        user: Any,
        function: Any,
        arguments: Any,
        head: str,
        tail: str,
        first: int,
        step: int,
        count: int,
    ) -> str:
        # Without places of its own, the number follows the data, where nobody reads it.
        data = function.encode_input(*arguments) if arguments is not None else None
        head = data or function.signature + head
        call = user.fill.encode_input(function._address, head, "0x" + tail, first, step, count)
        return fill(self.sender, str(user), call)

    def fill(self, entries: int) -> None:
        """As many of each kind, by real transactions."""
        count, base = entries - self.entries, (1 << 90) + self.entries
        people, records = self.participants, self.records
        self._fill(count, self.consents.grant, self._terms(_word(base), _TREAT), cut=0)
        self._fill(count, records.anchor, _word(base), _BATCH, cut=0)
        self._fill(count, records.retract, _word(base), cut=0)
        self._fill(count, self.log.anchorLog, self._size() + 1, _BATCH, cut=0, by=self._keeper)
        guarding = self.guardianship
        self._fill(count, guarding.nameGuardian, self._appointment(_account(base)), cut=0)
        until = (self.majority, self.now + DAY, b"")
        first = self.guardians[0]
        self._fill(count, guarding.shareWithSig, self.user, first, _account(base), *until, cut=2)
        self._fill(count, guarding.commitWill, _word(base), cut=0)
        self._fill(count, guarding.attest, _account(base), 1, 0, cut=0, by=self.custodians[0])
        self._fill(count, people.proposeAccreditation, _account(base), 1, 1, cut=0)
        self._fill(count, people.accredit, _account(base), cut=0)
        self._fill(count, people.setMember, 1, _account(base), _FOREVER, 0, cut=1)
        self._fill(count, people.openInstitution, self.user, cut=0, step=0)
        self._fill(count, people.publishKey, "0x" + "07" * 32, cut=2)
        # The number of members, as it is: each is the same again.
        self._fill(count, people.registerCommittee, self.committee, [1, 2, 3], cut=0, step=0)
        self._fill(count, self.coin.transfer, _account(base), 1, cut=0)
        self._fill(count, self.coin.approve, _account(base), 1, cut=0)
        # A tenth of the epochs: of a quarter of a year each, they are more than two centuries.
        first, epochs = self.entries // 10, entries // 10 - self.entries // 10
        posted = (first, 1, _BATCH, 5, 1, _BATCH)
        self._fill(epochs, self.board.postRoot, *posted, cut=0, by=self.buyer)
        self._pass(60)
        self._fill(epochs, self.board.endRoot, first, cut=0)
        self._fill(count, self.board.ban, _account(base), 1, _BATCH, cut=0, by=self.buyer)
        first = self.market.offerCount() + 1
        self._fill(count, self.market.offer, self._offer(), cut=1)
        group = self._terms(self._group(first, self.market), _HMB)
        self._fill(count, self.consents.grant, group, cut=0, step=1 << 160)
        self._fill(count, self.market.buy, first, _KEY, cut=0, by=self.buyer)
        # A tenth of as many studies, as each takes the gas of ten others.
        self._fill(count // 10, self.studies.open, self._study(), _PROTOCOL, cut=1, by=self.buyer)
        self.entries = entries

    # --- Measurements ---

    def costs(self) -> dict[str, int]:
        """The gas of every act, `Contract.function`, about slots that nobody used before."""
        self._fresh += 1 << 8
        base = self._fresh
        return (
            _of("ConsentRegistry", self._of_consents(base))
            | _of("RecordRegistry", self._of_records(base))
            | _of("ParticipantRegistry", self._of_participants(base))
            | _of("AccessLog", self._of_log())
            | _of("Guardianship", self._of_guardians(base))
            | _of("RewardCoin", self._of_coin(base))
            | _of("EmergencyAccess", self._of_emergencies())
            | self._of_rewards()
            | _of("DataMarket", self._of_market())
            | _of("Disputes", self._of_disputes())
            | _of("Studies", self._of_studies())
            # Last, as it ends all grants.
            | _of("ConsentRegistry", self._of_all())
        )

    def _of_consents(self, base: int) -> dict[str, int]:
        do, it, user = self.do, self.consents, self.user
        deadline, until = self.now + 10 * DAY, self.now + 30 * DAY
        given, signed = (self._terms(_word(base + place), _TREAT) for place in (0, 1))
        question = (user, _account(base), _word(base), _TREAT, _LABS, 0)
        member = (user, self.custodians[0], self._group(1, self.participants), _TREAT, _LABS, 0)
        do(it.grant, self._terms(member[2], _TREAT))
        found = {"grant": do(it.grant, given), "decide": do(it.decide, question)}
        for asked in (question, member):
            assert it.decide(asked)[0]
        return found | {
            "decide of a member": do(it.decide, member),
            "grant anew": do(it.grant, given),
            "withdraw": do(it.withdraw, _word(base)),
            "grantWithSig": do(it.grantWithSig, user, signed, deadline, b""),
            "withdrawWithSig": do(it.withdrawWithSig, user, _word(base + 1), b""),
            "bar": do(it.bar, _account(base + 2)),
            "unbar": do(it.unbar, _account(base + 2)),
            "barWithSig": do(it.barWithSig, user, _account(base + 3), b""),
            "unbarWithSig": do(it.unbarWithSig, user, _account(base + 3), deadline, b""),
            "setPrimaryPhysician": do(it.setPrimaryPhysician, _account(base + 4), 0, until),
            "setPrimaryPhysicianWithSig": do(
                it.setPrimaryPhysicianWithSig, user, _account(base + 5), 0, until, deadline, b""
            ),
        }

    def _of_all(self) -> dict[str, int]:
        return {
            "withdrawAll": self.do(self.consents.withdrawAll),
            "withdrawAllWithSig": self.do(self.consents.withdrawAllWithSig, self.user, b""),
        }

    def _of_records(self, base: int) -> dict[str, int]:
        do, it, user, deadline = self.do, self.records, self.user, self.now + DAY
        word = [_word(base + place) for place in range(6)]
        return {
            "anchor": do(it.anchor, word[0], _BATCH),
            "anchorWithSig": do(it.anchorWithSig, user, word[1], _BATCH, deadline, b""),
            "supersede": do(it.supersede, word[2], _BATCH),
            "supersedeWithSig": do(it.supersedeWithSig, user, word[3], _BATCH, deadline, b""),
            "retract": do(it.retract, word[4]),
            "retractWithSig": do(it.retractWithSig, user, word[5], deadline, b""),
        }

    def _of_participants(self, base: int) -> dict[str, int]:
        do, it, who = self.do, self.participants, _account(base)
        number = base >> 8 & 0xFF
        return {
            "proposeAccreditation": do(it.proposeAccreditation, who, 3, 3),
            "accredit": do(it.accredit, who),
            "unaccredit": do(it.unaccredit, who, 1, 1),
            "openInstitution": do(it.openInstitution, self.user),
            # Those of the custodians, the evaluators and the user stay open.
            "closeInstitution": do(it.closeInstitution, 8 + number),
            "setMember": do(it.setMember, 1, who, _FOREVER, 0),
            "publishKey": do(it.publishKey, base.to_bytes(32, "big")),
            "revokeKey": do(it.revokeKey),
            "registerCommittee": do(it.registerCommittee, self.committee, [1, 2, 3]),
            # Whoever comes next finds a key, as at first.
            "publishKey anew": do(it.publishKey, b"\x09" * 32),
        }

    def _of_log(self) -> dict[str, int]:
        do, it, size = self.do, self.log, self._size()
        return {
            "anchorLog": do(it.anchorLog, size + 1, _BATCH, by=self._keeper),
            "anchorLogWithSig": do(it.anchorLogWithSig, self._keeper, size + 2, _BATCH, b""),
        }

    def _of_guardians(self, base: int) -> dict[str, int]:
        do, it, user, deadline = self.do, self.guardianship, self.user, self.now + DAY
        first, second = self.guardians
        third = self.custodians[2]
        who = [_account(base + place) for place in range(4)]
        share = (user, first, who[2])
        found = {
            "nameGuardian": do(it.nameGuardian, self._appointment(who[0])),
            "nameGuardianWithSig": do(
                it.nameGuardianWithSig, user, self._appointment(who[1]), deadline, b""
            ),
            "removeGuardian": do(it.removeGuardian, who[0]),
            "removeGuardianWithSig": do(it.removeGuardianWithSig, user, who[1], b""),
            "shareWithSig": do(it.shareWithSig, *share, self.majority, deadline, b""),
            "unshareWithSig": do(it.unshareWithSig, *share, b""),
            "attest": do(it.attest, who[3], 1, 0, by=self.custodians[0]),
            "contest": do(it.contest, 0),
            "contestWithSig": do(it.contestWithSig, user, 0, b""),
            "startRecovery": do(
                it.startRecovery, user, who[0], [first, second], deadline, [b"", b""]
            ),
            "commitWill": do(it.commitWill, _word(base)),
            "commitWillWithSig": do(it.commitWillWithSig, user, _word(base), deadline, b""),
            # Each of them once: who is succeeded stays so.
            "succeed": do(it.succeed, self._succeeded.pop(), user, deadline, b"", b""),
        }
        # Whoever comes next finds no recovery, and a third guardian who has not accepted.
        do(it.contest, 3)
        do(it.nameGuardian, self._appointment(str(third)))
        accept = do(it.acceptGuardianshipWithSig, user, third, deadline, b"")
        return found | {
            "acceptGuardianshipWithSig": accept,
            "resign": do(it.resign, user, by=third),
        }

    def _of_emergencies(self) -> dict[str, int]:
        do, it, user, buyer = self.do, self.emergency, self.user, self.buyer

        def opened() -> int:
            return do(it.open, user, 1, 0, 60, by=buyer)

        def reviewed() -> int:
            number = it.newestOf(user, buyer)[0]
            first = do(it.review, number, 2, True, by=self.custodians[1])
            do(it.review, number, 3, True, by=self.custodians[2])
            return first

        found = {"open": opened(), "stop": do(it.stop, user, buyer), "review": reviewed()}
        opened()
        found["stopWithSig"] = do(it.stopWithSig, user, user, buyer, b"")
        reviewed()
        opened()
        found["close"] = do(it.close, user, by=buyer)
        web3.provider.make_request("evm_mine", [self.now + 120])
        return found | {
            "endReview": do(it.endReview, it.newestOf(user, buyer)[0]),
            "takeCredit": do(it.takeCredit, buyer),
            "takeCreditWithSig": do(it.takeCreditWithSig, buyer, user, self.now + DAY, b""),
        }

    def _of_rewards(self) -> dict[str, int]:
        do, pool, board = self.do, self.pool, self.board
        buyer, (accused, second, third) = self.buyer, self.custodians
        # The epochs that were measured before, and what they pay, are over.
        self._pass(8 * _EPOCH)
        last = pool.currentEpoch() - 1
        record = _word(last << 100)

        def posted(epoch: int) -> int:
            """A tree of one leaf is the leaf."""
            terms = (epoch, 1, self._leaf(self._reward(epoch, record)), 2000, 1, _BATCH)
            return do(board.postRoot, *terms, by=buyer)

        found = {"postRoot": posted(last)}
        self._pass(60)
        found |= {
            "endRoot": do(board.endRoot, last),
            "claim": do(pool.claim, self._reward(last, record), []),
        }
        do(self.records.retract, record)
        found |= {
            "clawBack": do(pool.clawBack, self._reward(last, record), []),
            "release": do(pool.release, self.user),
            "payBond": do(board.payBond, buyer),
        }
        posted(last - 1)
        found |= {
            "challengeRoot": do(board.challengeRoot, last - 1, 2, _BATCH, by=second),
            "judgeRoot": do(board.judgeRoot, last - 1, 3, True, by=third),
        }
        do(board.judgeRoot, last - 1, 8, True)
        for appeal in (lambda: do(board.appeal, by=accused), self._appeal_signed):
            do(board.ban, accused, 1, _BATCH, by=buyer)
            found["ban"] = do(board.ban, accused, 2, _BATCH, by=second)
            found["appeal" if "appeal" not in found else "appealWithSig"] = appeal()
            found["judgeAppeal"] = do(board.judgeAppeal, accused, 3, False, by=third)
            self._pass(60)
            found["endAppeal"] = do(board.endAppeal, accused)
        of_pool = {name: found.pop(name) for name in ("claim", "clawBack", "release")}
        return _of("RewardPool", of_pool) | _of("RewardBoard", found)

    def _appeal_signed(self) -> int:
        return self.do(self.board.appealWithSig, self.custodians[0], b"")

    def _reward(self, epoch: int, record: str) -> tuple[Any, ...]:
        return (epoch, 3, False, 1000, str(self.user), str(self.user), record)

    def _leaf(self, reward: tuple[Any, ...]) -> str:
        *rest, record = reward
        encoded = Reward(*rest, bytes.fromhex(record[2:])).encoded()
        return web3.to_hex(standard_leaf(encoded))

    def _pass(self, seconds: int) -> None:
        web3.provider.make_request("evm_mine", [self.now + seconds])

    @property
    def _keeper(self) -> Any:
        return self.custodians[0]

    def _size(self) -> int:
        return int(self.log.headOf(self._keeper)[0])

    def _of_coin(self, base: int) -> dict[str, int]:
        do, it = self.do, self.coin
        return {
            "mint": do(it.mint, _account(base), 5),
            "transfer": do(it.transfer, _account(base + 1), 5),
            "transferFrom": do(it.transferFrom, self.user, _account(base + 2), 5),
            "approve": do(it.approve, _account(base), 5),
        }

    def _of_market(self) -> dict[str, int]:
        do, it, user, buyer = self.do, self.market, self.user, self.buyer
        number, deadline = it.offerCount() + 1, self.now + 10 * DAY
        found = {
            "offer": do(it.offer, self._offer()),
            "offerWithSig": do(it.offerWithSig, self._offer(), deadline, b""),
        }
        for place in (number, number + 1):
            do(self.consents.grant, self._terms(self._group(place, it), _HMB))
        found["followConsent"] = do(it.followConsent, user, number)
        found["buy"] = do(it.buy, number, _KEY, by=buyer)
        order = it.orderOf(number, buyer)[0]
        found["deliver"] = do(it.deliver, (order, _KEY, _KEY, _KEY), self.committee, 3, [b"", b""])
        # The user is the contract of disputes too.
        found |= {
            "dispute": do(it.dispute, order),
            "resolve": do(it.resolve, order, False),
        }
        web3.provider.make_request("evm_mine", [self.now + DAY])
        found["settlePart"] = do(it.settlePart, order)
        do(self.consents.withdraw, self._group(number, it))
        no_permit = (deadline, 27, _KEY, _KEY)
        return found | {
            "settle": do(it.settle, order),
            "payCredit": do(it.payCredit, user),
            "payCommitteeFee": do(it.payCommitteeFee, 1, self.committee, 0),
            "payCommons": do(it.payCommons, 1),
            "buyWithPermit": do(it.buyWithPermit, number + 1, _KEY, *no_permit, by=buyer),
            "closeOffer": do(it.closeOffer, number),
            "closeOfferWithSig": do(it.closeOfferWithSig, user, number + 1, b""),
        }

    def _of_disputes(self) -> dict[str, int]:
        do, it, first = self.do, self.disputes, self.evaluators[0]
        found = {
            "open": self._dispute(),
            "vote": do(it.vote, *self._vote(), by=self._seated()),
        }
        # All three vote, so that it is all the same who is drawn for the first seat next time: the
        # first fee that an evaluator ever gets is dearer than a further one.
        do(it.vote, *self._vote(1, upheld=False), by=self._seated(1))
        do(it.vote, *self._vote(2), by=self._seated(2))
        self._dispute()
        web3.provider.make_request("evm_mine", [self.now + 120])
        return found | {
            "end": do(it.end, it.disputeCount()),
            "payCredit": do(it.payCredit, self.buyer),
            "joinPanel": do(it.joinPanel, 4, by=first),
            "leavePanel": do(it.leavePanel, by=first),
        }

    def _dispute(self) -> int:
        """A delivery that is disputed and voted on; what disputing cost."""
        do, it = self.do, self.judged
        number = it.offerCount() + 1
        do(it.offer, self._offer())
        do(self.consents.grant, self._terms(self._group(number, it), _HMB))
        do(it.buy, number, _KEY, by=self.buyer)
        order = it.orderOf(number, self.buyer)[0]
        do(it.deliver, (order, _KEY, _KEY, _KEY), self.committee, 3, [b"", b""])
        cost = do(self.disputes.open, it, order, 0, _KEY, by=self.buyer)
        # One more than the lot lies ahead.
        mine_blocks(97)
        do(self.disputes.draw, self.disputes.disputeCount(), self.committee)
        return cost

    def _seated(self, seat: int = 0) -> Any:
        who = self.disputes.seatOf(self.disputes.disputeCount(), seat)[0]
        return next(each for each in self.evaluators if str(each) == str(who))

    def _vote(self, seat: int = 0, *, upheld: bool = True) -> tuple[Any, ...]:
        return self.disputes.disputeCount(), seat, upheld, _KEY

    def _of_studies(self) -> dict[str, int]:
        """With a new study each time, in the room of all that came before."""
        do, it, user, buyer = self.do, self.studies, self.user, self.buyer
        study, deadline = it.studyCount() + 1, self.now + 10 * DAY
        group = study << 16 | 1
        found = {
            "open": do(it.open, self._study(), _PROTOCOL, by=buyer),
            "fund": do(it.fund, study, 10 * _COIN, by=buyer),
            "approveStudy": do(it.approveStudy, group, 2, by=self.custodians[1]),
        }
        do(self.consents.grant, self._terms(self._group(group, it), _HMB))
        found["enrol"] = do(it.enrol, group)
        order = it.orderOf(study, user)[0]
        web3.provider.make_request("evm_mine", [self.now + 3 * DAY])
        found["settle"] = do(it.settle, order)
        do(self.consents.grant, self._terms(self._group(group, it), _HMB))
        found["enrolWithSig"] = do(it.enrolWithSig, user, group, deadline + 3 * DAY, b"")
        found["amend"] = do(it.amend, study, self._study(), _PROTOCOL, by=buyer)
        return found | {"close": do(it.close, study, by=buyer)}
