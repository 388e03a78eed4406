"""
aceso study, station, offer, buy, deliver, renew, settle, rewards file
├── study match: told on the screen, another document than the one committed to is refused
├── station: entrusted, it fulfils orders in the place of who is not there
├── study: made, approved, asked and enrolled in, fulfilled, downloaded, closed by anybody
│   ├── criteria that one does not meet: told on one's own screen, nothing is sent, unless --anyway
│   └── disputed: replayed; the shares that a case lacks are asked for, and taken into it
├── offer, buy, deliver, open --order, extract download, renew, settle
│   ├── settle --part: paid for the time until now, as often as wanted; the rest with the end
│   ├── without coin: refused, exit code 3
│   ├── withdrawn or over: not permitted, exit code 4
│   └── closed: refused
├── study enrol --vouch: what its buyer learns is said; only what the issuer vouches for is sold
├── offer --origin vouched: refused without a vouch; the buyer reads before paying that it is shown
└── issue --patient-file, vouch, rewards file: what a person shows of a record, and nothing else
    ├── another patient's, somebody else's order: refused, exit code 3; without a yes: nothing
    ├── retract: by the file as it was issued; another file: exit code 3; twice: said
    └── replace: by the corrected file, issued before; without a counterpart: exit code 3
"""

import base64
import json

from aceso.custody import Answer, Question, Release
from aceso.rewards import TAG_FIELD, Contribution

from .conftest import GLUCOSE


def test_whether_one_matches_a_study(person, tmp_path):
    path = tmp_path / "criteria.json"
    expression = {"language": "text/fhirpath", "expression": "Observation.exists()"}
    url = "http://hl7.org/fhir/StructureDefinition/cqf-expression"
    one = {
        "extension": [{"url": url, "valueExpression": expression}],
        "code": {"text": "x"},
        "valueBoolean": True,
        "exclude": False,
    }
    group = {"resourceType": "Group", "type": "person", "actual": False, "characteristic": [one]}
    path.write_text(json.dumps(group))

    found = person("study", "match", path)
    assert found.code == 0 and found.document["matches"] is True
    assert [one["holds"] for one in found.document["criteria"]] == [True]
    other = person("study", "match", path, "--commitment", "0x" + "00" * 32)
    assert (other.code, other.document["error"]["code"]) == (6, "E_COHORT_OTHER")


def test_a_station_sells_for_who_is_not_there(actors, person, researcher, tmp_path):
    station = actors("institution")
    file = tmp_path / "mandate.json"
    assert station("accredit", station.account, "--role", "station").code == 0
    entrust = ("station", "entrust", station.account, "--classes", "labs", "--out", file)
    assert "--yes" not in entrust and person(*entrust).code != 0 and not file.exists()
    assert person(*entrust, "--yes").code == 0
    assert file.stat().st_mode & 0o077 == 0
    assert station("station", "accept", file).document["accredited"] is True
    assert station("station", "orders").document["orders"] == []

    offered = person("offer", "--classes", "labs", "--price", "1.5", "--yes").document["offer"]
    order = researcher("buy", offered, "--with-ether", "--yes").document["order"]
    assert [one["order"] for one in station("station", "orders").document["orders"]] == [order]
    few = station("station", "fulfil", "--k", "2", "--yes")
    assert (few.code, few.document["orders"][0]["error"]) == (2, "E_EXTRACT_COHORT")
    done = station("station", "fulfil", order, "--yes").document["orders"][0]
    assert done["certificate"]["maker"] == station.account
    got = researcher("extract", "download", order, "--out", tmp_path / "sold")
    assert got.document["certificate"] == done["certificate"]
    assert person("unshare", station.account, "--yes").code == 0


def test_a_study_from_both_sides(network, actors, person, tmp_path):
    lead, board = actors("researcher"), actors("institution")
    assert lead("accredit", lead.account, "--role", "researcher").code == 0
    made = board("accredit", board.account, "--role", "ethics-board", "--institution")
    institution = made.document["institution"]
    assert board("member", institution, board.account, "--until", "900d").code == 0
    group = {
        "resourceType": "Group",
        "type": "person",
        "actual": False,
        "characteristic": [
            {"code": {"coding": [{"system": "http://loinc.org", "code": "2339-0"}]},
             "valueBoolean": True, "exclude": False}
        ],
    }  # fmt: skip
    criteria, protocol = tmp_path / "criteria.json", tmp_path / "protocol.md"
    criteria.write_text(json.dumps(group))
    protocol.write_text("# Glucose")
    create = (
        *("study", "create", criteria, "--protocol", protocol, "--title", "포도당"),
        *("--summary", "공복 혈당의 변화", "--classes", "labs", "--price", "4", "--cap", "3"),
        *("--until", "10d", "--duration", "5d", "--delivery", "2d", "--conditions", "IRB"),
        *("--budget", "8", "--origin", "any", "--yes"),
    )
    poor = lead(*create)
    assert (poor.code, poor.document["error"]["code"]) == (3, "E_NO_COIN")
    # What is put in and bought is in the words that are agreed to, and the number is told early.
    asked = lead.says(*create[:-1], "--with-ether").err
    assert "8 coin become its budget" in asked and "lacks 8 coin, which it buys for" in asked
    # Nothing is bought for a study that can't be opened.
    protocol.rename(tmp_path / "elsewhere.md")
    failed = lead(*create, "--with-ether")
    assert failed.code != 0 and lead("balance").document["coin"] == "0"
    (tmp_path / "elsewhere.md").rename(protocol)
    study = lead(*create, "--with-ether").document["study"]
    assert lead("study", "status", study).document["budget"] == "8000000000000000000"

    early = person("study", "enrol", study, "--yes")
    assert (early.code, early.document["error"]["code"]) == (3, "E_STUDY_NOT_ATTESTED")
    attest = ("study", "attest", study, "--institution", institution, "--yes")
    # What it approves is what it read, not whatever is the newest.
    blind = board(*attest)
    assert (blind.code, blind.document["error"]["code"]) == (2, "E_STUDY_REVISION")
    assert board(*attest, "--revision", "1").document["attested"] == ["IRB"]
    assert person("study", "match", study).document["matches"] is True
    (listed,) = (
        one for one in person("study", "list").document["studies"] if one["study"] == study
    )
    assert (listed["price"], listed["enrolled"]) == ("4000000000000000000", None)

    # Nothing is signed without a yes, and what is signed was said in either language.
    assert person("study", "enrol", study).code != 0
    said = person.says("study", "show", study, "--lang", "ko")
    words = ("공복 혈당의 변화", "3.6 코인", lead.account, "5일", board.account, "aceso unshare")
    assert [one for one in words if one not in said.out] == []
    assert "you are paid for the time until then" in person.says("study", "show", study).out
    enrolled = person("study", "enrol", study, "--yes").document
    order = enrolled["order"]
    # What has no case costs nothing: no coin is bought for the bond.
    case, held = tmp_path / "case.json", lead("balance").document["coin"]
    accuse = ("study", "dispute", order, "--out", case, "--with-ether", "--yes")
    early = lead(*accuse)
    assert (early.document["error"]["code"], case.exists()) == ("E_ORDER_STATE", False)
    assert lead("balance").document["coin"] == held
    assert person("study", "fulfil", "--yes").document["orders"][0]["order"] == order
    got = lead("study", "download", study, "--out", tmp_path / "study")
    assert got.code == 0 and got.document["orders"][0]["order"] == order
    disputed = lead(*accuse).document
    assert lead("dispute", "replay", case, "--dispute", disputed["dispute"]).document["opens"]
    # Whoever sold it knows the order, and not which dispute that is.
    assert person("dispute", "show", order).document["dispute"] == disputed["dispute"]
    never = person("dispute", "show", int(order) + 1)
    assert (never.code, never.document["error"]["code"]) == (3, "E_ORDER_UNDISPUTED")
    # A panel asks for the shares that a case lacks, and takes what comes into it.
    whole = json.loads(case.read_text())
    kept, *missing = whole["shares"]
    poor, full, answer = (tmp_path / name for name in ("poor.json", "full.json", "answer.json"))
    poor.write_text(json.dumps(whole | {"shares": [kept]}))
    undecided = lead("dispute", "replay", poor)
    assert (undecided.code, undecided.document["decided"]) == (6, False)
    asked = lead("dispute", "ask", poor, "--out", tmp_path / "questions").document
    assert sorted(asked["custodians"]) == sorted(one["custodian"] for one in missing)
    for one in asked["custodians"]:
        question = (tmp_path / "questions" / f"question-{one}.json").read_text()
        assert Question.read(question.encode()).custodian == one
        assert whole["privateKey"] not in question
    # Who runs a custodian answers; with a database in a file, while it isn't served.
    running = lead(
        *("custodian", "answer", "--folder", network.folder / "custodian-1", "--yes"),
        *("--rpc", network.chain_url, "--deployment", network.folder / "deployment.json"),
        *("--question", tmp_path / "questions" / f"question-{one}.json", "--out", answer),
    )
    assert (running.code, answer.exists()) == (5, False)
    assert running.document["error"]["code"] == "E_CUSTODY_FOLDER_IN_USE"
    first = missing[0]
    release = Release(*(base64.b64decode(first[one]) for one in ("sealed", "signature")))
    answer.write_bytes(Answer(first["custodian"], first["request"], release).to_bytes())
    added = lead("dispute", "add", poor, "--answer", answer, "--out", full)
    assert (added.code, added.document["answered"]) == (0, [first["custodian"]])
    assert "answered the panel" in lead.says("dispute", "replay", full).out
    other = lead("dispute", "replay", full, "--dispute", disputed["dispute"])
    assert other.document["error"]["code"] == "E_CASE_OTHER"
    none = lead("dispute", "add", poor, "--answer", case, "--out", full)
    assert (none.code, none.document["error"]["code"]) == (3, "E_ANSWER_FORMAT")
    amended = lead("study", "amend", study, "--price", "1", "--yes").document
    assert amended["revision"] == 2
    for act in ("show", "enrol"):
        stale = person("study", act, study, "--revision", "1", "--yes")
        assert (stale.code, stale.document["error"]["code"]) == (3, "E_STUDY_AMENDED")

    network.chain.advance_time(11 * 24 * 3600)
    over = lead("study", "status", study).document
    assert (over["over"], over["orders"][0]["state"]) == (True, "DISPUTED")
    assert person("study", "close", study, "--yes").code == 0
    assert lead("study", "status", study).document["closed"] is True

    # A consent to a study is withdrawn by its name; what is disputed can't be had meanwhile.
    assert person("unshare", f"study:{study}.1", "--yes").code == 0
    late = lead("study", "download", study, "--out", tmp_path / "late")
    assert (late.code, late.document["error"]["code"]) == (3, "E_STUDY_NOTHING")

    # No panel was drawn in time: whoever waits for their pay ends it, without ether of their own.
    assert person("dispute", "end", disputed["dispute"]).code == 0
    assert person("dispute", "end", 99).document["error"]["code"] == "E_DISPUTE_UNKNOWN"
    waiting = int(lead("balance").document["credit"])
    bond = lead("dispute", "bond").document["amount"]
    assert (bond, int(lead("balance").document["credit"])) == (
        str(50 * 10**18),
        waiting - int(bond),
    )
    again = lead("dispute", "bond", lead.account)
    assert (again.code, again.document["error"]["code"]) == (3, "E_DISPUTE_NOTHING_OWED")


def test_whoever_is_not_sought_is_told_before_anything_is_signed(actors, person, tmp_path):
    lead = actors("researcher")
    lead("accredit", lead.account, "--role", "researcher")
    has = {
        "code": {"coding": [{"system": "http://loinc.org", "code": "2339-0"}]},
        "valueBoolean": True,
        "exclude": True,
    }
    group = {"resourceType": "Group", "type": "person", "actual": False, "characteristic": [has]}
    criteria = tmp_path / "criteria.json"
    criteria.write_text(json.dumps(group))
    study = lead(
        *("study", "create", criteria, "--protocol", criteria, "--title", "포도당 없음"),
        *("--summary", "누구도 아닌 사람", "--classes", "labs", "--price", "4", "--cap", "3"),
        *("--until", "10d", "--duration", "5d", "--delivery", "2d"),
        *("--budget", "4", "--with-ether", "--yes"),
    ).document["study"]

    # Unless it says otherwise it takes only what shows where it is from.
    unshown = person("study", "enrol", study, "--yes")
    assert (unshown.code, unshown.document["error"]["code"]) == (3, "E_ORIGIN_VOUCH")
    assert "`aceso vouch`" in unshown.document["error"]["message"]
    amend = ("study", "amend", study)
    copied = lead.says(*amend, "--price", "5").err
    assert "To have a copy refused by a panel costs 10 coin" in copied
    assert "To have a copy" not in lead.says(*amend, "--price", "10.1").err
    # An approval and consents would end for nothing, so nobody is asked whether they want that.
    assert lead(*amend).document["error"]["code"] == "E_STUDY_UNCHANGED"
    for same in (amend, (*amend, criteria), (*amend, "--protocol", criteria, "--price", "4")):
        unchanged = lead(*same, "--yes")
        assert (unchanged.code, unchanged.document["error"]["code"]) == (3, "E_STUDY_UNCHANGED")
    assert lead(*amend, "--origin", "any", "--yes").document["revision"] == 2
    told = person("study", "enrol", study, "--yes", "--lang", "ko")

    assert (told.code, told.document["error"]["code"]) == (3, "E_STUDY_NOT_SOUGHT")
    # Which criterion it is stands on this screen, and nowhere else.
    assert "결과가 없을 것: 2339-0" in told.err and "2339" not in told.out
    listed = {one["study"]: one for one in person("study", "list").document["studies"]}
    assert listed[study]["enrolled"] is None
    assert f"study:{study}" not in json.dumps(person("consents", "--all").document)
    allowed = person("study", "enrol", study, "--anyway", "--yes")
    assert allowed.code == 0 and "2339" not in allowed.document["noticeText"]
    assert f"study:{study}" in json.dumps(person("consents", "--all").document)


def test_market(network, person, researcher, tmp_path):
    # Nothing is signed without a yes; what would be is told, with the disease.
    asked = person.says(
        "offer", "--classes", "labs", "--use", "DS", "--disease", "4711", "--price", "1"
    )
    assert asked.code != 0 and "4711" in asked.err
    # A share is shown as it is signed, in whole basis points.
    share = ("--institution", researcher.account, "--institution-share", "3.3377")
    rounded = person.says("offer", "--classes", "labs", "--price", "1", *share).err
    assert f"3.34 % goes to {researcher.account}" in rounded and "3.3377" not in rounded

    offered = person("offer", "--classes", "labs", "--price", "2.5", "--yes")
    number = offered.document["offer"]
    assert offered.document["price"] == "2500000000000000000"

    poor = researcher("buy", number, "--yes")
    assert (poor.code, poor.document["error"]["code"]) == (3, "E_NO_COIN")

    bought = researcher("buy", f"offer:{number}", "--with-ether", "--yes")
    assert bought.code == 0, bought.out
    order = bought.document["order"]
    assert researcher("open", "--order", order, "--out", tmp_path / "early.json").code != 0
    # Of an order that is none of theirs nobody is asked for a yes.
    assert person("deliver", 12345).document["error"]["code"] == "E_NO_ORDER"
    assert person("deliver", order, "--yes").document["resources"] >= 1
    assert researcher("open", "--order", order, "--out", tmp_path / "extract.json").code == 0
    assert "김" not in (tmp_path / "extract.json").read_text()
    got = researcher("extract", "download", order, "--out", tmp_path / "files").document
    assert {"Observation.ndjson", "certificate.json", "about.json"} <= set(got["files"])
    assert len((tmp_path / "files" / "Observation.ndjson").read_text().splitlines()) >= 1
    twice = researcher("extract", "download", order, "--out", tmp_path / "files")
    assert twice.document["error"]["code"] == "E_FOLDER_EXISTS"

    # What the order runs by is renewed, and not shared anew, which would give up its pay.
    shared = person("share", f"offer:{number}", "--classes", "labs", "--uses", "HMB", "--yes")
    assert (shared.code, shared.document["error"]["code"]) == (2, "E_SHARE_SOLD")
    asked = person.says("renew", f"offer:{number}", "--until", "60d")
    assert asked.code != 0 and f"Order {order} is then paid until" in asked.err
    renewed = person("renew", f"offer:{number}", "--until", "60d", "--yes")
    assert (renewed.code, len(renewed.document["transactions"])) == (0, 3)
    (covered,) = (one for one in person("consents").document["orders"] if one["order"] == order)
    assert (covered["whole"], covered["seeBy"]) == (True, None)
    (listed,) = (one for one in person("balance").document["orders"] if one["order"] == order)
    assert listed["paidUntil"] == covered["paidUntil"] == listed["until"] == covered["end"]
    assert "to its end" in person.says("consents").out.replace("\n", " ")

    assert person("unshare", f"offer:{number}", "--yes").code == 0
    assert researcher("open", "--order", order, "--out", tmp_path / "late.json").code == 4
    early = researcher("settle", order)
    assert (early.code, early.document["error"]["code"]) == (5, "E_REFUSED_ORDER_NOT_OVER")
    # What was delivered can be disputed for three days.
    network.chain.advance_time(3 * 24 * 3600)
    assert researcher("settle", order).code == 0
    (seen,) = (one for one in person("balance").document["orders"] if one["order"] == order)
    assert seen["state"] == "SETTLED"
    # Somebody else settled it, and what is owed to the person waits.
    owed = person("balance").document["credit"]
    assert int(owed) > 0
    sent = person("settle", order).document
    assert sent["paid"] == owed and int(sent["earned"]) > 0
    assert person("settle").document["paid"] == person("balance").document["credit"] == "0"
    custodian = network.state["custodians"][0]["address"]
    fee = researcher("settle", "--to", custodian).document
    assert int(fee["paid"]) > 0 and fee["account"] == custodian
    assert researcher("settle", "--to", custodian).document["paid"] == "0"
    # And the commons' part, which is as much as all custodians' together.
    assert researcher("coin", "proceeds").document["transactions"]
    assert researcher("coin", "proceeds").document["transactions"] == []
    for wrong in (("--part",), (order, "--to", custodian)):
        assert person("settle", *wrong).document["error"]["code"] == "E_SETTLE_OPTIONS"
    again = researcher("buy", number, "--with-ether", "--yes")
    assert (again.code, again.document["error"]["code"]) == (4, "E_DENIED")


def test_an_order_that_runs_is_paid_in_parts(network, person, researcher):
    offered = person("offer", "--classes", "labs", "--price", "3", "--yes").document["offer"]
    order = researcher("buy", offered, "--with-ether", "--yes").document["order"]
    assert person("deliver", order, "--yes").code == 0
    part = ("settle", order, "--part")
    early = person(*part)
    assert (early.code, early.document["error"]["code"]) == (5, "E_REFUSED_ORDER_NOT_OVER")
    owed = int(person("balance").document["credit"])
    network.chain.advance_time(15 * 24 * 3600)

    first = person(*part).document
    soon = person(*part)
    network.chain.advance_time(5 * 24 * 3600)
    second = researcher(*part).document

    # A 30th of three coins for each day, and of it 90 % are the person's.
    coin = 10**18
    earned = [int(first["earned"]), int(second["earned"])]
    assert all(
        abs(found - days * coin // 10) < coin // 1000
        for found, days in zip(earned, (15, 20), strict=True)
    )
    paid = int(first["paid"]) - owed
    assert paid == earned[0] - 2 * (earned[0] // 20) and second["paid"] == "0"
    assert soon.document["error"]["code"] == "E_REFUSED_CREDIT_NONE"
    network.chain.advance_time(11 * 24 * 3600)
    whole = person("settle", order).document
    assert whole["earned"] == str(3 * coin)
    assert paid + int(whole["paid"]) == 3 * coin * 9 // 10
    over = person(*part)
    assert (over.code, over.document["error"]["code"]) == (5, "E_REFUSED_ORDER_WRONG_STATE")


def test_a_record_is_filed_for_an_order(actors, person, researcher, tmp_path):
    hospital, chart, other = actors("institution"), tmp_path / "chart", tmp_path / "other"
    assert hospital("accredit", hospital.account, "--role", "issuer").code == 0
    chart.write_text("chart 7\n")
    other.write_text("chart 8\n")
    card, visit, word = (tmp_path / name for name in ("card.json", "visit.json", "vouch.json"))
    person("card", "--for", hospital.account, "--classes", "labs", "--out", card)
    visit.write_text(json.dumps({**GLUCOSE, "id": "third", "effectiveDateTime": "2024-05-02"}))
    before = {one["id"] for one in person("records", "--sync").document["records"]}
    assert hospital("issue", card, visit, "--patient-file", chart).code == 0
    found = person("records", "--sync").document["records"]
    (record,) = {one["id"] for one in found} - before
    offered = person("offer", "--classes", "labs", "--price", "1", "--yes").document["offer"]
    order = researcher("buy", offered, "--with-ether", "--yes").document["order"]
    filing = ("rewards", "file", record, "--order", order, "--vouch", word)

    vouch = ("vouch", person.account, "--out", word)
    assert hospital(*vouch, "--patient-file", chart).code == 2 and not word.exists()
    assert hospital(*vouch, "--patient-file", other, "--yes").code == 0
    wrong = person(*filing, "--out", tmp_path / "filed", "--yes", "--lang", "ko")
    assert (wrong.code, wrong.document["error"]["code"]) == (3, "E_VOUCH_OTHER")
    assert "환자" in wrong.document["error"]["message"]
    assert hospital(*vouch, "--patient-file", chart, "--yes").code == 0
    assert word.stat().st_mode & 0o077 == 0 and "chart" not in word.read_text()
    # A patient has one account, or another in the place of the one that they lost.
    second = ("vouch", researcher.account, "--out", tmp_path / "second", "--patient-file", chart)
    again = hospital(*second, "--yes")
    assert (again.code, again.document["error"]["code"]) == (3, "E_VOUCH_AGAIN")
    assert hospital(*second, "--instead", "--yes").code == 0
    done = person(*filing, "--out", tmp_path / "filed", "--yes")

    assert done.code == 0, done.out
    filed = Contribution.from_document(json.loads((tmp_path / "filed").read_text()))
    assert (str(filed.order), filed.issuer) == (order, hospital.account)
    assert filed.account == person.account
    shown = {one.path for one in filed.disclosure.fields}
    assert shown == {"class", TAG_FIELD}
    unsure = person(*filing, "--out", tmp_path / "unsure")
    assert (unsure.code, (tmp_path / "unsure").exists()) == (2, False)
    assert "can't be taken back" in unsure.err
    # An order of somebody else's, a record that its issuer didn't mark, and what is no vouch.
    for changed, code in (
        (("rewards", "file", record, "--order", 1, "--vouch", word), "E_ORDER_NOT_YOURS"),
        (
            ("rewards", "file", min(before), "--order", order, "--vouch", visit),
            "E_VOUCH_FILE",
        ),
    ):
        run = person(*changed, "--out", tmp_path / "no", "--yes")
        assert (run.code, run.document["error"]["code"]) == (3, code)
    assert person("rewards", "file", record, "--lang", "ko").code == 2

    # Corrected and issued, the new record takes its place; a record does not take its own.
    corrected = tmp_path / "corrected.json"
    corrected.write_text(visit.read_text().replace('"value": 95', '"value": 59'))
    assert corrected.read_text() != visit.read_text()
    early = hospital("replace", visit, "--by", corrected, "--yes")
    assert (early.code, early.document["error"]["code"]) == (3, "E_NOT_ISSUED")
    assert hospital("issue", card, corrected, "--patient-file", chart).code == 0
    alone = hospital("replace", visit, "--by", visit, "--yes", "--lang", "ko")
    assert (alone.code, alone.document["error"]["code"]) == (3, "E_NO_REPLACEMENT")
    assert "발급" in alone.document["error"]["message"]
    assert hospital("replace", visit, "--by", corrected).code == 2
    done = hospital("replace", visit, "--by", corrected, "--yes").document
    assert (done["replaced"], done["before"], done["left"]) == (1, 0, 0)

    # Issued by mistake, it is taken back by its file, as it was issued.
    unknown = hospital("retract", chart, "--yes", "--lang", "ko")
    assert (unknown.code, unknown.document["error"]["code"]) == (3, "E_NOT_ISSUED")
    assert "발급한" in unknown.document["error"]["message"]
    assert hospital("retract", visit).code != 0
    back = hospital("retract", visit, "--yes").document
    assert (back["retracted"], back["before"]) == (1, 0)
    assert hospital("retract", visit, "--yes").document["before"] == 1


def test_a_study_is_shown_where_its_data_are_from(actors, person, tmp_path):
    hospital, lead, chart = actors("institution"), actors("researcher"), tmp_path / "chart"
    assert hospital("accredit", hospital.account, "--role", "issuer").code == 0
    assert lead("accredit", lead.account, "--role", "researcher").code == 0
    chart.write_text("chart 9\n")
    card, visit, word = (tmp_path / name for name in ("card.json", "visit.json", "vouch.json"))
    person("card", "--for", hospital.account, "--classes", "labs", "--out", card)
    visit.write_text(json.dumps({**GLUCOSE, "id": "shown", "effectiveDateTime": "2024-06-03"}))
    own = {one["id"] for one in person("records", "--sync").document["records"]}
    assert hospital("issue", card, visit, "--patient-file", chart).code == 0
    assert (
        hospital("vouch", person.account, "--patient-file", chart, "--out", word, "--yes").code == 0
    )
    criteria = tmp_path / "criteria.json"
    has = {"code": {"coding": [{"system": "http://loinc.org", "code": "2339-0"}]}}
    group = {"resourceType": "Group", "type": "person", "actual": False}
    group["characteristic"] = [has | {"valueBoolean": True, "exclude": False}]
    criteria.write_text(json.dumps(group))
    study = lead(
        *("study", "create", criteria, "--protocol", criteria, "--title", "포도당"),
        *("--summary", "출처를 보인 것", "--classes", "labs", "--price", "11", "--cap", "3"),
        *("--until", "10d", "--budget", "11", "--with-ether", "--yes"),
    ).document["study"]
    person("records", "--sync")

    enrolled = person("study", "enrol", study, "--vouch", word, "--yes")

    assert enrolled.code == 0, enrolled.out
    learns = "which hospital or laboratory issued each record"
    assert learns in enrolled.document["noticeText"]
    assert enrolled.document["origin"] == "vouched"
    # The device keeps the vouch; what nobody vouches for stays out.
    (sold,) = person("study", "fulfil", study, "--yes").document["orders"]
    assert sold["counts"] == {"Observation": 1} and set(sold["leftOut"]) <= own
    got = lead("study", "download", study, "--out", tmp_path / "study")
    assert (got.code, got.document["onePatient"]) == (0, [])
    (result,) = (tmp_path / "study" / sold["order"] / "Observation.ndjson").read_text().splitlines()
    assert json.loads(result)["valueQuantity"]["value"] == 95
    # So does an offer that says that it shows it: the vouch is kept.
    terms = ("offer", "--classes", "labs", "--price", "1", "--origin", "vouched")
    offered = person(*terms, "--yes").document
    assert offered["origin"] == "vouched" and learns in offered["noticeText"]
    (listed,) = (
        one for one in lead("offers").document["offers"] if one["offer"] == offered["offer"]
    )
    assert listed["origin"] == "vouched"
    asked = lead.says("buy", offered["offer"], "--with-ether", "--lang", "ko")
    assert asked.code != 0 and "출처:    추출본과 함께 보입니다" in asked.err
    order = lead("buy", offered["offer"], "--with-ether", "--yes").document["order"]
    assert set(person("deliver", order, "--yes").document["leftOut"]) <= own
    got = lead("extract", "download", order, "--out", tmp_path / "extract")
    assert got.code == 0, got.out
    stranger = actors("person")
    for lang, word in (("en", "aceso vouch"), ("ko", "확인 파일")):
        refused = stranger(*terms, "--yes", "--lang", lang)
        assert (refused.code, refused.document["error"]["code"]) == (3, "E_ORIGIN_VOUCH")
        assert word in refused.document["error"]["message"]


def test_buy_what_is_closed_over_or_not_there(network, person, researcher):
    closed = person("offer", "--classes", "labs", "--price", "1", "--yes").document["offer"]
    assert person("offer", "--close", closed, "--yes").code == 0
    over = person(
        "offer", "--classes", "labs", "--price", "1", "--duration", "1h", "--delivery", "1h",
        "--yes",
    ).document["offer"]  # fmt: skip
    network.chain.advance_time(3 * 3600)

    answers = {
        number: researcher("buy", number, "--with-ether", "--yes") for number in (closed, over, 999)
    }

    assert [(run.code, run.document["error"]["code"]) for run in answers.values()] == [
        (3, "E_OFFER_CLOSED"),
        (4, "E_DENIED"),
        (3, "E_NO_OFFER"),
    ]
