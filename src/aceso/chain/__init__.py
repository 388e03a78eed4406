"""The chain: the suite of contracts, what is signed for it, and how it is sent.

    suite = Suite.connect(url, Deployment.read("deployments/local.json"))
    call = acts.grant(suite, persona, Terms(…))          # signed by the person
    receipt = Sender(suite, relayer).send(call)          # carried by anybody with ether
    suite.decide(Request(…)).permitted

The package needs no Brownie for any of it: the ABIs and the code to deploy are part of it.
"""

from __future__ import annotations

from aceso.signing import digest, recover, sign

from . import acts, emergency_acts, guardian_acts, reward_acts, study_acts, union_acts
from .acts import SignedAct
from .authority import LocalAuthority
from .calls import Block, Call, Event, Log, Receipt
from .contract import Contract
from .contracts import Consents, Emergencies, Guardianship, Participants, Records
from .deployed import Deployed, Deployment
from .deployment import (
    Finding,
    check_deployment,
    deploy_local_authority,
    deploy_suite,
)
from .disputes import Dispute, Disputes, DisputeState, DisputeTerms, Ground, PanelSeat
from .errors import (
    ChainDownError,
    DeploymentError,
    DeploymentFileError,
    FundsError,
    NodeRefusedError,
    NotDeployedError,
    NotMinedError,
    RefusedError,
    WrongChainError,
)
from .failures import sentence
from .market import Coin, Market, OrderDesk, Sale, Studies
from .node import Node
from .requests import (
    AnchoredHead,
    Appointment,
    Claim,
    Committee,
    Decision,
    Delivery,
    EmergencyOutcome,
    EmergencyStatistics,
    Evidence,
    GuardianPower,
    Institution,
    NewestOpening,
    OfferTerms,
    Opening,
    Parties,
    Person,
    Protocol,
    RecordStanding,
    Recovery,
    Request,
    Seat,
    Standing,
    StudyState,
    StudyTerms,
    Terms,
)
from .reward_contracts import (
    BanState,
    Earned,
    EmissionTerms,
    EpochRoot,
    Reward,
    RewardBoard,
    RewardPool,
    RootState,
)
from .sender import Pace, Sender
from .stops import Sighting, continues, stop_of
from .suite import Suite, is_signed
from .tokens import Permit, Token
from .unions import Membership, Part, Unions, UnionTerms
from .words import (
    Grantee,
    GrantWord,
    HeadWord,
    OrderHead,
    OrderState,
    OrderTail,
    grantee_of_account,
    grantee_of_group,
    parse_grantee,
)

__all__ = [
    "AnchoredHead",
    "Appointment",
    "BanState",
    "Block",
    "Call",
    "ChainDownError",
    "Claim",
    "Coin",
    "Committee",
    "Consents",
    "Contract",
    "Decision",
    "Delivery",
    "Deployed",
    "Deployment",
    "DeploymentError",
    "DeploymentFileError",
    "Dispute",
    "DisputeState",
    "DisputeTerms",
    "Disputes",
    "Earned",
    "Emergencies",
    "EmergencyOutcome",
    "EmergencyStatistics",
    "EmissionTerms",
    "EpochRoot",
    "Event",
    "Evidence",
    "Finding",
    "FundsError",
    "GrantWord",
    "Grantee",
    "Ground",
    "GuardianPower",
    "Guardianship",
    "HeadWord",
    "Institution",
    "LocalAuthority",
    "Log",
    "Market",
    "Membership",
    "NewestOpening",
    "Node",
    "NodeRefusedError",
    "NotDeployedError",
    "NotMinedError",
    "OfferTerms",
    "Opening",
    "OrderDesk",
    "OrderHead",
    "OrderState",
    "OrderTail",
    "Pace",
    "PanelSeat",
    "Part",
    "Participants",
    "Parties",
    "Permit",
    "Person",
    "Protocol",
    "Receipt",
    "RecordStanding",
    "Records",
    "Recovery",
    "RefusedError",
    "Request",
    "Reward",
    "RewardBoard",
    "RewardPool",
    "RootState",
    "Sale",
    "Seat",
    "Sender",
    "Sighting",
    "SignedAct",
    "Standing",
    "Studies",
    "StudyState",
    "StudyTerms",
    "Suite",
    "Terms",
    "Token",
    "UnionTerms",
    "Unions",
    "WrongChainError",
    "acts",
    "check_deployment",
    "continues",
    "deploy_local_authority",
    "deploy_suite",
    "digest",
    "emergency_acts",
    "grantee_of_account",
    "grantee_of_group",
    "guardian_acts",
    "is_signed",
    "parse_grantee",
    "recover",
    "reward_acts",
    "sentence",
    "sign",
    "stop_of",
    "study_acts",
    "union_acts",
]
