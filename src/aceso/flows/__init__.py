"""What each actor does, as one readable call each.

    person       takes in files; beneath it: consents, records, own_vault (personas, lists, index)
    selling      offers, delivers extracts
    issuer       a hospital or a laboratory issues records, and ends them by what it noted: issued
    reader       a physician, or a member through the gateway, opens
    guarding     names guardians, says what they act on, brings a lost seed back
    wards        what a guardian does: reads, lets others in; attests, for physicians
    receiving    the keys that others seal to, and their turns
    succession   a new seed takes over a vault
    backup       the vault in one file, and back from it
    wills        what ends at a person's death, and what does not
    moving       to other custodians; sealed_seed beneath it
    researcher   buys, opens extracts
    coins        what coin costs, how it is bought, and the proceeds
    studies      a study with a budget, from its opening to its close; a board approves it
    enrolling    a person takes part in one
    renewing     a person renews the grant that an order is paid by; sightings beneath it
    unions       many people, one offer: opened, vouched for, divided; by anybody
    joining      a person is in one: joins, delivers their part, claims it, leaves
    union_buying a researcher buys of one, and downloads its members' parts
    orders       an order as all know it, of an offer, a study or a union
    earning      what a person earned and why; rewards computed, checked, claimed
    certifying   whether an extract is certified for its order, by who may
    origins      where the data of an order come from: asked, shown, checked
    filing       which record an order was made from, for a reward
    vouching     an issuer's word for it, that either is shown by
    board        evaluators answer for the rewards of an epoch, and for who cheated
    posted       what they posted: audit files, reasons
    disputes     disputes a delivery, and judges one
    receipts     who was given what, as the custodians' logs prove it; of orders in order_receipts
    evidence     whether a file is what its issuer issued

Beneath them: `network` (where everything is), `profile` and `store` (what is on this device), and
`publishing` (seal, keep on IPFS, anchor, post), which persons and issuers share.
"""

from .alarms import Alarm, AlarmKind, standing_alarms
from .amounts import base_units, coin
from .backup import BackedUpVault, ReadOut, Restored, make_backup, read_records, restore_backup
from .board import (
    BanStanding,
    Keeper,
    RootStanding,
    appeal,
    end_appeal,
    end_root,
    pay_bond,
    read_ban,
    read_root,
)
from .cohorts import own_match, read_criteria
from .coins import Bought, CoinBuyer, SaleState, read_sale, send_proceeds
from .consents import Seer
from .disputes import (
    Disputing,
    Evaluator,
    Judgement,
    check_case,
    dispute_of_order,
    draw,
    end_dispute,
    find_dispute,
    judge,
    judge_file,
    pay_dispute_credit,
    questions,
    take_answer,
)
from .earning import (
    BondEarning,
    Earnings,
    OrderEarning,
    RewardEarning,
    claim_rewards,
    claw_back,
    compute_rewards,
    earnings,
    read_filed,
    verify_rewards,
)
from .emergency import (
    EMERGENCY_CLASSES,
    EmergencyNotice,
    EmergencyProfile,
    Rescuer,
    Reviewer,
    emergency_group,
    stop_as_guardian,
)
from .enrolling import Enrolling, EnrolmentPlan, part_of_subject
from .errors import (
    BackupFileError,
    EvidenceError,
    KeysNotLeftError,
    NothingToOpenError,
    NotWithdrawnError,
    ProfileError,
)
from .evidence import Evidence, Verdict, evidence_of, verify
from .extracts import Delivered, ExtractMaker, Fulfilled, Options
from .filing import file_record
from .forgetting import Forgotten, forgotten
from .guarding import (
    Guarded,
    GuardianShare,
    recover_seed,
    start_recovery,
    support_from_json,
    support_to_json,
)
from .issued import Issued, Replacements, replacements
from .issuer import Holder, Issuer
from .joining import Claimed, Joining, JoinPlan
from .moving import Moved, SeedMove, move
from .network import CommitteeFacts, Network, said
from .order_receipts import OrderAccess, check_order_logs
from .orders import Sale, find_sale, find_study, find_union, sales
from .origins import asks_origin, check_origin, document_of
from .own_vault import HOME, RESEARCH
from .paying_out import PaidOut, commons_fees, owed_to, pay_out
from .person import Person
from .posted import Statement, posted_audit, said_in_dispute, said_of_ban, said_of_root
from .profile import Kind, Profile
from .publishing import Draft, Published, Publisher, Refused
from .reader import Gateway, Opened, Reader, Unopened, guardian_group
from .receipts import Access, LogReport, anchor_heads, check_logs
from .receiving import ReceivingKeys
from .renewing import Renewal, RenewalPlan, Renewing
from .reports import FileReport, ImportReport
from .researcher import Downloaded, Purchase, Researcher
from .selling import Seller
from .sightings import Coverage, coverage, desk_of, see, see_again
from .station import Mandate, Station, entrust
from .store import Step, Store, Stored
from .studies import (
    Conditions,
    StudyLead,
    StudyMade,
    StudyPlan,
    StudyStatus,
    approve,
    close,
    conditions_of,
    same_patients,
    status_of,
)
from .succession import (
    HandedOver,
    consents_ever,
    earlier_personas,
    hand_over,
    orders_ever,
)
from .union_buying import UnionBuyer, UnionDownload, UnionPurchase
from .unions import (
    UnionKeeper,
    UnionPlan,
    UnionStatus,
    divide,
    find_open_union_order,
    find_union_order,
    published,
    strike,
    union_status,
    vouch_for_persona,
)
from .vouching import Vouch, contribution_of, give_vouch
from .wards import Attesting, Guardian, receiving_for_ward
from .wills import WillFacts, carry_out, collect_will, read_will

__all__ = [
    "EMERGENCY_CLASSES",
    "HOME",
    "RESEARCH",
    "Access",
    "Alarm",
    "AlarmKind",
    "Attesting",
    "BackedUpVault",
    "BackupFileError",
    "BanStanding",
    "BondEarning",
    "Bought",
    "Claimed",
    "CoinBuyer",
    "CommitteeFacts",
    "Conditions",
    "Coverage",
    "Delivered",
    "Disputing",
    "Downloaded",
    "Draft",
    "Earnings",
    "EmergencyNotice",
    "EmergencyProfile",
    "Enrolling",
    "EnrolmentPlan",
    "Evaluator",
    "Evidence",
    "EvidenceError",
    "ExtractMaker",
    "FileReport",
    "Forgotten",
    "Fulfilled",
    "Gateway",
    "Guarded",
    "Guardian",
    "GuardianShare",
    "HandedOver",
    "Holder",
    "ImportReport",
    "Issued",
    "Issuer",
    "JoinPlan",
    "Joining",
    "Judgement",
    "Keeper",
    "KeysNotLeftError",
    "Kind",
    "LogReport",
    "Mandate",
    "Moved",
    "Network",
    "NotWithdrawnError",
    "NothingToOpenError",
    "Opened",
    "Options",
    "OrderAccess",
    "OrderEarning",
    "PaidOut",
    "Person",
    "Profile",
    "ProfileError",
    "Published",
    "Publisher",
    "Purchase",
    "ReadOut",
    "Reader",
    "ReceivingKeys",
    "Refused",
    "Renewal",
    "RenewalPlan",
    "Renewing",
    "Replacements",
    "Rescuer",
    "Researcher",
    "Restored",
    "Reviewer",
    "RewardEarning",
    "RootStanding",
    "Sale",
    "SaleState",
    "SeedMove",
    "Seer",
    "Seller",
    "Statement",
    "Station",
    "Step",
    "Store",
    "Stored",
    "StudyLead",
    "StudyMade",
    "StudyPlan",
    "StudyStatus",
    "UnionBuyer",
    "UnionDownload",
    "UnionKeeper",
    "UnionPlan",
    "UnionPurchase",
    "UnionStatus",
    "Unopened",
    "Verdict",
    "Vouch",
    "WillFacts",
    "anchor_heads",
    "appeal",
    "approve",
    "asks_origin",
    "base_units",
    "carry_out",
    "check_case",
    "check_logs",
    "check_order_logs",
    "check_origin",
    "claim_rewards",
    "claw_back",
    "close",
    "coin",
    "collect_will",
    "commons_fees",
    "compute_rewards",
    "conditions_of",
    "consents_ever",
    "contribution_of",
    "coverage",
    "desk_of",
    "dispute_of_order",
    "divide",
    "document_of",
    "draw",
    "earlier_personas",
    "earnings",
    "emergency_group",
    "end_appeal",
    "end_dispute",
    "end_root",
    "entrust",
    "evidence_of",
    "file_record",
    "find_dispute",
    "find_open_union_order",
    "find_sale",
    "find_study",
    "find_union",
    "find_union_order",
    "forgotten",
    "give_vouch",
    "guardian_group",
    "hand_over",
    "judge",
    "judge_file",
    "make_backup",
    "move",
    "orders_ever",
    "owed_to",
    "own_match",
    "part_of_subject",
    "pay_bond",
    "pay_dispute_credit",
    "pay_out",
    "posted_audit",
    "published",
    "questions",
    "read_ban",
    "read_criteria",
    "read_filed",
    "read_records",
    "read_root",
    "read_sale",
    "read_will",
    "receiving_for_ward",
    "recover_seed",
    "replacements",
    "restore_backup",
    "said",
    "said_in_dispute",
    "said_of_ban",
    "said_of_root",
    "sales",
    "same_patients",
    "see",
    "see_again",
    "send_proceeds",
    "standing_alarms",
    "start_recovery",
    "status_of",
    "stop_as_guardian",
    "strike",
    "support_from_json",
    "support_to_json",
    "take_answer",
    "union_status",
    "verify",
    "verify_rewards",
    "vouch_for_persona",
]
