"""`aceso study create|amend|fund|status|close|download|dispute`, and `attest` for a board."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aceso.codes import Condition
from aceso.errors import AcesoError, UsageError

from . import _offered, _terms
from ._files import file_bytes
from ._output import errors, private_text, receipts, show, table
from ._paying import TopUp, top_up
from ._session import Session
from ._study_terms import (
    attested_text,
    number,
    row_document,
)
from ._words import say, sentence
from .consent import ask

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.chain import Receipt
    from aceso.flows import Network, StudyLead, StudyMade, StudyPlan

__all__ = ["amend", "attest", "close_study", "create", "dispute", "download", "fund", "status"]

# Two who say the same, each paid from the bond of who disputes.
_VOTES_THAT_DECIDE = 2
_NEEDED = ("protocol", "title", "summary", "classes", "price", "cap", "until")


def _lead(session: Session) -> StudyLead:
    from aceso.flows import StudyLead

    return StudyLead(session.network(), session.profile("researcher"))


def _plan(network: Network, given: dict[str, Any], criteria: bytes) -> StudyPlan:
    """The plan of a study that there is not yet."""
    from aceso.flows import StudyPlan, base_units
    from aceso.research import Origin

    _offered.check_needed(given, _NEEDED, "study")
    institution, bps = _offered.institution_of(given, "study")
    now = network.suite.now()
    return StudyPlan(
        criteria=criteria,
        title=given["title"],
        summary=given["summary"],
        protocol=given["protocol"],
        classes=_terms.classes(given["classes"]),
        use=_terms.uses(given["use_code"] or "HMB"),
        price=base_units(given["price"]),
        cap=given["cap"],
        deadline=now + _terms.Span.parse(given["until"]).seconds(now),
        duration=_terms.Span.parse(given["duration"] or "90d").seconds(now),
        delivery_period=_terms.Span.parse(given["delivery"] or "14d").seconds(now),
        disease=given["disease"] or 0,
        conditions=_terms.conditions(given["conditions"] or ""),
        institution=institution,
        institution_bps=bps,
        origin=Origin(given["origin"] or Origin.VOUCHED),
    )


def _amended(network: Network, study: int, given: dict[str, Any]) -> StudyPlan:
    """The newest terms, and what of them the options change."""
    from aceso.flows import StudyPlan, base_units, document_of, find_study
    from aceso.research import Origin

    row = find_study(network, study)
    document, terms, now = document_of(network, row), row.terms, network.suite.now()

    def seconds(name: str, kept: int) -> int:
        return _terms.Span.parse(given[name]).seconds(now) if given[name] else kept

    share, institution = given["institution_share"], given["institution"]
    return StudyPlan(
        criteria=file_bytes(Path(given["what"][1]))
        if len(given["what"]) > 1
        else document.group_bytes(),
        title=given["title"] or document.title,
        summary=given["summary"] or document.summary,
        protocol=given["protocol"] or document.protocol,
        classes=_terms.classes(given["classes"]) if given["classes"] else terms.classes,
        use=_terms.uses(given["use_code"]) if given["use_code"] else terms.use,
        price=base_units(given["price"]) if given["price"] else terms.price,
        cap=given["cap"] or terms.cap,
        deadline=now + seconds("until", terms.deadline - now),
        duration=seconds("duration", terms.duration),
        delivery_period=seconds("delivery", terms.delivery_period),
        disease=terms.disease if given["disease"] is None else given["disease"],
        conditions=terms.conditions
        if given["conditions"] is None
        else _terms.conditions(given["conditions"]),
        institution=_terms.address(institution) if institution else terms.institution,
        institution_bps=terms.institution_bps if share is None else _offered.basis_points(share),
        origin=Origin(given["origin"] or document.origin),
    )


def _terms_text(plan: StudyPlan) -> str:
    from aceso.flows import coin

    return say(
        "notice.study",
        **_offered.words_of(plan),
        title=plan.title,
        price=coin(plan.price),
        cap=plan.cap,
        whole=coin(plan.price * plan.cap),
        deadline=_terms.moment_text(plan.deadline),
        conditions=_offered.conditions_text(plan.conditions),
        origin=say(f"origin.{plan.origin.value}"),
    )


def _cheap_text(network: Network, plan: StudyPlan) -> str:
    """That to refuse a copy costs more than it brings back, where that is so."""
    from aceso.flows import coin
    from aceso.research import Origin

    cost = _VOTES_THAT_DECIDE * network.suite.disputes.terms().fee
    if plan.origin is Origin.ANY or plan.price > cost:
        return ""
    return "\n" + say("notice.study_cheap", cost=coin(cost))


def _show_made(
    session: Session,
    made: StudyMade,
    sent: list[Receipt],
    plan: StudyPlan,
    unfunded: AcesoError | None = None,
) -> None:
    name = f"study:{made.study}.{made.revision}"
    document = {
        "study": made.study,
        "revision": made.revision,
        "grantee": name,
        "transactions": receipts([*made.receipts, *sent]),
    }
    if unfunded is not None:
        document["unfunded"] = unfunded.code
    text = say("study.made", study=made.study, revision=made.revision)
    if plan.conditions & Condition.IRB:
        text += "\n" + say("study.ask_board", study=made.study, revision=made.revision)
    if unfunded is not None:
        text += "\n" + say("study.unfunded", study=made.study, why=sentence(unfunded))
    show(session, document, lambda console: console.print(text, highlight=False, markup=False))


def create(session: Session, given: dict[str, Any]) -> int:
    """Open a study, and with --budget fund it at once."""
    from aceso.flows import base_units, coin

    if len(given["what"]) != 1:
        raise UsageError(
            "Name the file of the criteria, a FHIR Group. See docs/research.md.",
            code="E_STUDY_CRITERIA",
        )
    lead, network = _lead(session), session.network()
    plan = _plan(network, given, file_bytes(Path(given["what"][0])))
    amount = base_units(given["budget"]) if given["budget"] else 0
    afford, text = _afford(lead, amount, given), _terms_text(plan) + _cheap_text(network, plan)
    if amount:
        text += "\n" + say("notice.study_budget", amount=coin(amount))
    ask(session, afford.added_to(text), yes=given["yes"])
    made = lead.create(plan)
    sent: list[Receipt] = []
    unfunded = None
    if amount:
        # Whatever comes between, its researcher knows the number.
        errors().print(say("study.opened", study=made.study), highlight=False)
        try:
            sent += afford.buy(lead)
            sent += lead.fund(made.study, amount)
        except AcesoError as exc:
            unfunded = exc
    _show_made(session, made, sent, plan, unfunded)
    return 0 if unfunded is None else unfunded.exit_code


def amend(session: Session, given: dict[str, Any]) -> None:
    """Change the terms of a study: everybody is asked anew."""
    study = number(given["what"][:1])
    lead, network = _lead(session), session.network()
    plan = _amended(network, study, given)
    lead.check_amends(study, plan)
    text = _terms_text(plan) + _cheap_text(network, plan)
    text += "\n" + say("notice.study_amend", study=study)
    ask(session, text, yes=given["yes"])
    _show_made(session, lead.amend(study, plan), [], plan)


def _afford(lead: StudyLead, amount: int, given: dict[str, Any]) -> TopUp:
    return top_up(lead.network, amount, lead.balance(), with_ether=given["with_ether"])


def fund(session: Session, given: dict[str, Any]) -> None:
    """Add to the budget of a study."""
    from aceso.flows import base_units, coin

    study, lead = number(given["what"]), _lead(session)
    if given["budget"] is None:
        raise UsageError("To fund a study takes --budget COIN.", code="E_STUDY_OPTIONS")
    amount = base_units(given["budget"])
    afford = _afford(lead, amount, given)
    text = say("notice.study_fund", study=study, amount=coin(amount))
    ask(session, afford.added_to(text), yes=given["yes"])
    sent = [*afford.buy(lead), *lead.fund(study, amount)]
    budget = session.network().suite.studies.state_of(study).budget
    document = {"study": study, "budget": str(budget), "transactions": receipts(sent)}
    text = say("study.funded", study=study, budget=coin(budget))
    show(session, document, lambda console: console.print(text, highlight=False))


def attest(session: Session, given: dict[str, Any]) -> None:
    """As an ethics board, attest that a revision was approved, or take that back."""
    from aceso.flows import approve, conditions_of, find_study

    study, revision = number(given["what"]), given["revision"]
    if revision is None:
        # The newest may be one that the board never saw.
        raise UsageError(
            "A board names the revision that it read: --revision N. See `aceso study show STUDY`.",
            code="E_STUDY_REVISION",
        )
    network, profile = session.network(), session.profile()
    row = find_study(network, study, revision)
    institution = 0
    if not given["revoke"]:
        institution = _terms.whole(given["institution"], 96) or 0
        if not institution:
            raise UsageError(
                "A board attests as a member of an institution: --institution N.",
                code="E_STUDY_OPTIONS",
            )
    key = "notice.study_revoke" if given["revoke"] else "notice.study_attest"
    ask(session, say(key, study=study, revision=revision), yes=given["yes"])
    row, sent = approve(network, profile, study, institution=institution, revision=revision)
    found = conditions_of(network, row)
    document = row_document(row, found) | {"transactions": receipts([sent])}
    key = "study.revoked" if given["revoke"] else "study.attested"
    said = say(key, study=study, revision=revision)
    text = f"{said} {attested_text(found)}"
    show(session, document, lambda console: console.print(text, highlight=False, markup=False))


def status(session: Session, given: dict[str, Any]) -> None:
    """How a study stands: budget, places, orders, and what anybody can do now."""
    from aceso.chain import OrderState
    from aceso.flows import coin, status_of

    found = status_of(session.network(), number(given["what"]))
    state, row = found.state, found.row
    document = row_document(row, found.conditions) | {
        "budget": str(state.budget),
        "locked": str(found.locked),
        "credit": str(found.credit),
        "enrolled": state.enrolled,
        "over": found.is_over,
        "due": [str(one) for one in found.due],
        "orders": [
            {
                "order": str(one.order),
                "place": one.place,
                "revision": one.revision,
                "state": one.state.name,
                "earned": None if one.earned is None else str(one.earned),
                "refunded": None if one.refunded is None else str(one.refunded),
            }
            for one in found.enrolments
        ],
    }

    def render(console: Console) -> None:
        lines = [
            [say("study.budget"), coin(state.budget)],
            [say("study.locked"), coin(found.locked)],
            [say("study.places"), f"{state.enrolled} / {row.terms.cap}"],
            [say("study.conditions"), attested_text(found.conditions)],
        ]
        lines += [
            [say(f"order.{one.name.lower()}"), str(found.counts[one])]
            for one in OrderState
            if found.counts.get(one)
        ]
        title = say("study.status", study=_terms.study_text(row.group))
        console.print(table(title, "", "", rows=lines))
        if state.is_closed:
            console.print(say("study.is_closed", unpaid=coin(found.credit)), highlight=False)
        elif found.is_over:
            text = say("study.over", study=row.study, budget=coin(state.budget))
            console.print(text, highlight=False)
        else:
            until = _terms.moment_text(state.deadline)
            console.print(say("study.takes", until=until), highlight=False)
        if found.due:
            console.print(say("study.due", count=len(found.due)), highlight=False)

    show(session, document, render)


def close_study(session: Session, given: dict[str, Any]) -> None:
    """Close a study: what it didn't spend goes back to its researcher."""
    from aceso.flows import Holder, close, coin

    study, network, profile = number(given["what"]), session.network(), session.profile()
    ask(session, say("notice.study_close", study=study), yes=given["yes"])
    if profile.kind == "person":
        # Anybody may from the deadline on, so a person has it carried like all that they do.
        sender = network.relayer
    else:
        sender = network.sender(Holder(network, profile).account)
    sent, left = close(network, study, sender)
    closed = [event for one in sent for event in one.events if event.name == "StudyClosed"]
    unspent = sum(int(event.args["unspent"]) for event in closed)
    document = {
        "study": study,
        "unspent": str(unspent),
        "running": [str(one) for one in left],
        "transactions": receipts(sent),
    }
    text = say("study.closed", study=study, unspent=coin(unspent), count=len(left))
    show(session, document, lambda console: console.print(text, highlight=False))


def download(session: Session, given: dict[str, Any]) -> int:
    """Write every extract of a study that is delivered, each into a folder named by its order."""
    from aceso.flows import same_patients

    if given["out"] is None:
        raise UsageError("To download takes --out DIR.", code="E_STUDY_OPTIONS")
    study, lead = number(given["what"]), _lead(session)
    done = lead.download_all(study, given["out"])
    failed = {order: found for order, found in done.items() if isinstance(found, AcesoError)}
    twice = same_patients(done)
    document = {
        "study": study,
        "onePatient": [[str(order) for order in orders] for orders in twice],
        "orders": [
            {"order": str(order), "error": found.code, "disputable": _is_disputable(found)}
            if isinstance(found, AcesoError)
            else {
                "order": str(order),
                "folder": str(found.folder),
                "files": list(found.files),
                "certificate": found.certificate.to_json(),
            }
            for order, found in done.items()
        ],
    }

    def render(console: Console) -> None:
        whole = len(done) - len(failed)
        console.print(say("study.downloaded", count=whole, folder=given["out"]), highlight=False)
        for order, error in failed.items():
            text = say("study.not_downloaded", order=order, why=sentence(error))
            if _is_disputable(error):
                text += "\n" + say("study.dispute_origin", order=order)
            console.print(text, highlight=False, markup=False)
        for orders in twice:
            text = say("study.one_patient", orders=", ".join(map(str, orders)))
            console.print(text, highlight=False, markup=False)

    show(session, document, render)
    return next((one.exit_code for one in failed.values()), 0)


def _is_disputable(error: AcesoError) -> bool:
    """Whether a panel would decide by computation that it isn't what was offered."""
    from aceso.research import OriginError

    return isinstance(error, OriginError)


def dispute(session: Session, given: dict[str, Any]) -> None:
    """Dispute a delivery of a study: gather the case, write it, and open the dispute."""
    from aceso.chain import Ground
    from aceso.flows import coin

    what = given["what"]
    order = _terms.whole(what[0]) if len(what) == 1 else None
    if order is None or given["out"] is None:
        raise UsageError(
            "To dispute takes one order, and --out FILE for the case that the panel gets.",
            code="E_STUDY_OPTIONS",
        )
    lead = _lead(session)
    bond = lead.network.suite.disputes.terms().bond
    afford = _afford(lead, bond, given)
    text = say("notice.dispute", order=order, bond=coin(bond))
    ask(session, afford.added_to(text), yes=given["yes"])
    # A case that can't be had costs nothing.
    case = lead.case(order).to_bytes()
    private_text(given["out"], case.decode("ascii"))
    bought = afford.buy(lead)
    ground = Ground[given["ground"].upper().replace("-", "_")]
    opened, sent = lead.dispute(order, ground, case)
    document = {
        "dispute": opened,
        "order": str(order),
        "file": str(given["out"]),
        "transactions": receipts([*bought, *sent]),
    }
    text = say("dispute.opened", dispute=opened)
    show(session, document, lambda console: console.print(text, highlight=False))
