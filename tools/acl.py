"""Who may call what: docs/acl.md, from doors.toml and from what the code checks.

    python -m tools.acl            write the page
    python -m tools.acl --check    change nothing; ends with 1 and says why where it differs

What a function checks is computed from the compiler's syntax tree, over all that the function
calls within the suite:

    the authority   it has the modifier that lets only the authority pass
    a signature     it reaches a check of one
    the caller      it reads who calls, to act as them or to refuse them
    nothing         none of these: whoever calls, the same happens

`who` of doors.toml has to say the same, so a new function that changes something, and that nobody
protected, is red until somebody writes that anybody may call it, and why. Honest limit: reading the
caller is not refusing anybody; that the right one is let in is what the tests of each act show.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tools.compiler import LOCAL_ONLY, ROOT, SETTINGS, SOLC_VERSION, contract_sources

__all__ = ["PAGE", "checks", "disagreements", "main", "page"]

PAGE = ROOT / "docs" / "acl.md"
Node = dict[str, Any]

_ABIS = ROOT / "src" / "aceso" / "abi"
_SIGNATURE = frozenset({"_isSigned", "tryRecover", "recover", "isValid", "isValidSignatureNow"})
_INTRODUCTION = """\
# Who may call what

Every function of the suite's contracts that changes state. What it *checks* is computed from the
code: the caller, a signature, the authority, or nothing. A *door* leads to a person's data: it
asks `ConsentRegistry.decide` in the same transaction and refuses on a denial. The rest is
`doors.toml`. The page is written by `python -m tools.acl`; tests compare it with the ABIs and with
the code, and call each function of the registries as a stranger.

No function lets the authority grant, read, seize, mint or block a withdrawal.

| function | who may call it | checks | door | why |
|---|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class _Code:
    """The definitions of all sources, by their number, and the contracts by name."""

    nodes: dict[int, Node]
    contracts: dict[str, Node]


def _walk(node: Any) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "nodeType" in node:
                yield node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _read(more: dict[str, str]) -> _Code:
    sources = contract_sources() | {LOCAL_ONLY: (ROOT / LOCAL_ONLY).read_text("utf-8")} | more
    request = {
        "language": "Solidity",
        "sources": {path: {"content": text} for path, text in sources.items()},
        "settings": SETTINGS | {"outputSelection": {"*": {"": ["ast"]}}},
    }
    solc = ROOT / ".solcx" / f"solc-v{SOLC_VERSION}"
    run = subprocess.run(
        [solc, "--standard-json"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    answer = json.loads(run.stdout)
    wrong = [error for error in answer.get("errors", []) if error["severity"] == "error"]
    if wrong:
        raise SystemExit("\n".join(error["formattedMessage"] for error in wrong))
    trees = [source["ast"] for source in answer["sources"].values()]
    nodes = {node["id"]: node for node in _walk(trees) if "id" in node}
    contracts = {
        node["name"]: node for node in nodes.values() if node["nodeType"] == "ContractDefinition"
    }
    return _Code(nodes, contracts)


def checks(
    contracts: list[str] | None = None, *, more: dict[str, str] | None = None
) -> dict[str, frozenset[str]]:
    """What each function that changes state checks, by `Contract.function`; of those that the
    suite deploys, or of `contracts`, also from `more` sources."""
    code = _read(more or {})
    names = contracts or sorted(path.stem for path in _ABIS.glob("*.json"))
    return {
        f"{name}.{function['name']}": _checks(code, code.contracts[name], function)
        for name in names
        for function in _entries(code, code.contracts[name])
    }


def _entries(code: _Code, contract: Node) -> list[Node]:
    """The functions that can be called from outside and are no views, the most derived of each."""
    if contract["contractKind"] != "contract":
        return []
    found: dict[str, Node] = {}
    for number in contract["linearizedBaseContracts"]:
        for node in code.nodes[number]["nodes"]:
            if node["nodeType"] == "FunctionDefinition" and node.get("functionSelector"):
                found.setdefault(node["functionSelector"], node)
    changing = [
        node for node in found.values() if node["stateMutability"] in ("nonpayable", "payable")
    ]
    return sorted(changing, key=lambda node: str(node["name"]))


def _checks(code: _Code, contract: Node, entry: Node) -> frozenset[str]:
    """What is reached from here; a virtual function is the most derived one of its name."""
    found: set[str] = set()
    seen: set[int] = set()
    waiting = [entry]
    while waiting:
        function = waiting.pop()
        if function["id"] in seen:
            continue
        seen.add(function["id"])
        if function["name"] in _SIGNATURE:
            found.add("a signature")
            continue
        for node in _walk([function.get("body"), function.get("modifiers")]):
            if node["nodeType"] == "MemberAccess" and _is_caller(node):
                found.add("the caller")
            called = code.nodes.get(node.get("referencedDeclaration") or -1)
            if called is None or called["nodeType"] not in (
                "FunctionDefinition",
                "ModifierDefinition",
            ):
                continue
            if called["name"] == "onlyAuthority":
                found.add("the authority")
            waiting.append(called if _is_super(node) else _derived(code, contract, called))
    if "the authority" in found:
        found.discard("the caller")
    return frozenset(found)


def _is_caller(node: Node) -> bool:
    inner = node["expression"]
    return bool(node["memberName"] == "sender" and inner.get("name") == "msg")


def _is_super(node: Node) -> bool:
    return bool(node.get("expression", {}).get("name") == "super")


def _derived(code: _Code, contract: Node, called: Node) -> Node:
    if not called.get("virtual"):
        return called
    for number in contract["linearizedBaseContracts"]:
        for node in code.nodes[number]["nodes"]:
            same = node["nodeType"] == called["nodeType"] and node["name"] == called["name"]
            if same and len(node["parameters"]["parameters"]) == len(
                called["parameters"]["parameters"]
            ):
                return dict(node)
    return called


def _doors() -> dict[str, dict[str, Any]]:
    text = (ROOT / "doors.toml").read_text(encoding="utf-8")
    found: dict[str, dict[str, Any]] = tomllib.loads(text)["contract"]
    return found


def disagreements(found: dict[str, frozenset[str]], doors: dict[str, dict[str, Any]]) -> list[str]:
    """Where what the code checks is not what `who` says."""
    wrong = [f"{name} is not in doors.toml" for name in sorted(found.keys() - doors.keys())]
    wrong += [f"{name} is in doors.toml alone" for name in sorted(doors.keys() - found.keys())]
    for name in sorted(found.keys() & doors.keys()):
        who, checked = doors[name]["who"], found[name]
        says = {
            "the authority": who == "the authority",
            "a signature": "signature" in who,
        }
        wrong += [
            f"{name}: {who!r}, and the code {'checks' if what in checked else 'does not check'} "
            f"{what}"
            for what, said in says.items()
            if said is not (what in checked)
        ]
        if not checked and not who.startswith("anybody"):
            wrong.append(f"{name}: {who!r}, and the code checks nothing")
    return wrong


def page(found: dict[str, frozenset[str]] | None = None) -> str:
    """The whole page."""
    known = found or checks()
    rows = [
        f"| `{name}` | {door['who']} | {', '.join(sorted(known[name])) or 'nothing'} "
        f"| {'yes' if door['door'] else 'no'} | {door['why']} |"
        for name, door in _doors().items()
    ]
    return _INTRODUCTION + "\n".join(rows) + "\n"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.acl")
    parser.add_argument("--check", action="store_true", help="change nothing")
    checking = parser.parse_args(arguments).check
    found = checks()
    wrong = disagreements(found, _doors())
    if not wrong:
        text = page(found)
        if not checking:
            PAGE.write_text(text, encoding="utf-8")
        elif PAGE.read_text(encoding="utf-8") != text:
            wrong.append("docs/acl.md differs: run `python -m tools.acl`")
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
