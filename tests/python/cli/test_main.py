"""
aceso, without a network
├── help: of the command and of each, in both languages, with exit code 0
├── an unknown command or option, a missing argument: exit code 2, and what to do
├── --json: one document, of errors too
├── no profile, a broken one, a wrong passphrase, another kind: exit code 2
├── init: makes a profile, says no secret on standard output
│   ├── nobody answers, or says no: nothing is made
│   ├── wrong words: exit code 3, and nothing is made
│   └── a profile is there: refused
├── doctor: the installation, exit code 0
├── a network that is not there: exit code 2
├── a full disk, a place that can't be written, a damaged store: what to do, and no defect
├── a defect: one sentence, exit code 70, a log without values
└── Ctrl-C: exit code 130
as a process
├── no traceback on any way
├── a broken pipe is quiet
└── --help takes less than a second even on a busy machine
"""

import errno
import json
import os
import sqlite3
import subprocess
import sys
import time

import pytest

from aceso.cli import _main, doctor
from aceso.cli._click import _COMMANDS
from aceso.cli._machine import machine_error

WORDS = "abandon " * 23 + "art"


def test_help_names_every_command(aceso):
    run = aceso("--help")

    assert run.code == 0
    assert all(f"  {name} " in run.out for name in _COMMANDS)


@pytest.mark.parametrize("name", _COMMANDS)
@pytest.mark.parametrize(("lang", "heading"), [("en", "Usage:"), ("ko", "사용법:")])
def test_help_of_each_command(aceso, name, lang, heading):
    run = aceso("--lang", lang, name, "--help")

    assert run.code == 0
    assert run.out.startswith(heading)
    assert "--json" in run.out


def test_no_command_shows_help(aceso):
    assert "share" in aceso().out


def test_locale_decides_the_language(aceso, monkeypatch):
    monkeypatch.setenv("LANG", "ko_KR.UTF-8")

    assert "명령:" in aceso("--help").out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["fly"], "E_USAGE_COMMAND"),
        (["records", "--fast"], "E_USAGE_OPTION"),
        (["share"], "E_USAGE_MISSING"),
        (["import"], "E_USAGE_MISSING"),
        (["init", "--kind", "king"], "E_USAGE_CHOICE"),
        (["devnet", "--custodians", "1"], "E_USAGE_VALUE"),
        (["unshare"], "E_UNSHARE_WHOM"),
        (["open", "--out", "x"], "E_OPEN_WHAT"),
        (["records"], "E_PROFILE_MISSING"),
        (["share", "0x1", "--classes", "blood"], "E_CLASS_NAME"),
        (["offers"], "E_NO_NETWORK"),
        (["offers", "--network", "nowhere"], "E_NETWORK_MISSING"),
    ],
)
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_wrong_usage(aceso, arguments, code, lang):
    run = aceso(*arguments, "--lang", lang, "--json")

    assert run.code == 2
    assert run.document["error"]["code"] == code
    assert run.document["error"]["message"]
    assert run.err == ""


def test_an_error_is_said_on_standard_error(aceso):
    run = aceso("records")

    assert run.out == ""
    assert "aceso init" in run.err and "E_PROFILE_MISSING" in run.err
    assert "\x1b[" not in run.err


def test_init_makes_a_profile(aceso, tmp_path):
    run = aceso("init", "--yes", "--json")

    assert run.code == 0
    assert run.document == {"home": str(tmp_path / "home"), "kind": "person"}
    assert len(run.err.split()) > 48
    assert (tmp_path / "home" / "profile.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("typed", "code"), [("", "E_CONFIRM_NEEDED"), ("no\n", "E_DECLINED")])
def test_init_without_a_yes_makes_nothing(aceso, tmp_path, typed, code):
    run = aceso("init", typed=typed)

    assert run.code == 2
    assert code in run.err
    assert not (tmp_path / "home").exists()


def test_init_with_a_yes_in_korean(aceso):
    assert aceso("init", "--lang", "ko", typed="예\n").code == 0


def test_init_where_a_profile_is(aceso):
    aceso("init", "--yes")

    run = aceso("init", "--yes", "--json")

    assert (run.code, run.document["error"]["code"]) == (2, "E_PROFILE_EXISTS")


def test_init_without_a_passphrase(aceso, monkeypatch, tmp_path):
    monkeypatch.delenv("ACESO_PASSPHRASE")

    run = aceso("init", "--yes", "--json")

    assert (run.code, run.document["error"]["code"]) == (2, "E_PASSPHRASE_NEEDED")
    assert not (tmp_path / "home" / "profile.json").exists()


def test_passphrase_from_a_file(aceso, tmp_path, monkeypatch):
    monkeypatch.delenv("ACESO_PASSPHRASE")
    (tmp_path / "secret").write_text("of a file\n")
    aceso("init", "--yes", "--passphrase-file", tmp_path / "secret")
    monkeypatch.setenv("ACESO_PASSPHRASE", "another")

    run = aceso("records", "--json")

    assert (run.code, run.document["error"]["code"]) == (2, "E_PROFILE_PASSPHRASE")


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_broken_profile_says_a_way_that_can_be_gone(aceso, tmp_path, lang):
    (tmp_path / "home").mkdir()
    broken = tmp_path / "home" / "profile.json"
    broken.write_text("{")

    run = aceso("records", "--lang", lang)

    assert run.code == 2 and "profile.json" in run.err and "init --restore" in run.err
    # `init` takes the place of no profile, not even of this one, until it is moved.
    assert aceso("init", "--yes").code == 2
    broken.rename(tmp_path / "aside.json")
    assert aceso("init", "--yes").code == 0


def test_a_profile_of_another_kind(aceso):
    aceso("init", "--yes")

    run = aceso("issue", "card.json", "visit.json", "--json")

    assert run.code in (2, 3)


def test_doctor_without_a_network(aceso):
    run = aceso("doctor", "--json")

    assert run.code == 0
    assert run.document["ok"] is True
    assert {one["state"] for one in run.document["checks"]} <= {"ok", "note"}


def test_doctor_with_a_profile_that_others_may_read(aceso, tmp_path):
    aceso("init", "--yes")
    (tmp_path / "home" / "profile.json").chmod(0o644)

    run = aceso("doctor", "--json")

    assert run.code == 5
    assert [one["check"] for one in run.document["checks"] if one["state"] == "failed"] == [
        "profile"
    ]


@pytest.mark.parametrize(
    ("exc", "code", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 5, "E_DISK_FULL"),
        (FileExistsError(errno.EEXIST, "File exists", "out"), 2, "E_PLACE"),
        (PermissionError(errno.EACCES, "Permission denied", "out"), 2, "E_PLACE"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "x" * 300), 2, "E_PLACE"),
    ],
)
def test_what_the_machine_refuses_is_no_defect(aceso, monkeypatch, exc, code, said):
    def refused():
        raise exc

    monkeypatch.setattr(doctor.doctor, "callback", refused)

    run = aceso("doctor", "--json")

    assert (run.code, run.document["error"]["code"]) == (code, said)


def test_a_damaged_store_says_how_to_get_it_back(aceso, tmp_path):
    aceso("init", "--yes")
    store = tmp_path / "home" / "store.db"
    store.write_bytes(b"this is no database, and never was" * 40)

    run = aceso("records", "--json", "--network", tmp_path)

    assert (run.code, run.document["error"]["code"]) == (2, "E_STORE_DAMAGED")


def test_a_store_on_a_full_disk(tmp_path):
    database = sqlite3.connect(tmp_path / "store.db")
    database.execute("PRAGMA max_page_count = 2")
    database.execute("CREATE TABLE kept (value BLOB)")

    with pytest.raises(sqlite3.OperationalError) as full:
        database.execute("INSERT INTO kept VALUES (zeroblob(100000))")

    known = machine_error(full.value)
    assert known is not None and (known.exit_code, known.code) == (5, "E_DISK_FULL")


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_defect_is_one_sentence_and_a_log_without_values(aceso, monkeypatch, tmp_path, lang):
    def broken(session):
        raise RuntimeError("blood group of a patient")

    monkeypatch.setattr(doctor.doctor, "callback", lambda: broken(None))

    run = aceso("doctor", "--lang", lang)

    assert run.code == 70
    assert "Traceback" not in run.err and "blood" not in run.err
    log = (tmp_path / "home" / "errors.log").read_text()
    assert "builtins.RuntimeError" in log and "test_main.py" in log
    assert "blood" not in log
    assert (tmp_path / "home" / "errors.log").stat().st_mode & 0o777 == 0o600


def test_ctrl_c(aceso, monkeypatch):
    def stop():
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor.doctor, "callback", stop)

    assert aceso("doctor").code == 130


def test_large_numbers_are_strings_in_details():
    assert _main._plain({"a": 1 << 60, "b": [b"\x01", None, True]}) == {
        "a": str(1 << 60),
        "b": ["0x01", None, True],
    }


# As a process

CALL = "import sys; from aceso.cli import main; sys.exit(main())"


def process(tmp_path, *arguments, **options):
    environment = {
        "PATH": os.environ["PATH"],
        "ACESO_HOME": str(tmp_path / "home"),
        "ACESO_PASSPHRASE": "p",
    }
    return subprocess.run(
        [sys.executable, "-c", CALL, *arguments],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


@pytest.mark.parametrize(
    ("arguments", "typed", "code"),
    [
        (["records"], "", 2),
        (["init", "--restore", "--network", "nowhere"], WORDS, 2),
        (["verify", "a", "b"], "", 3),
        (["fly"], "", 2),
        (["--version"], "", 0),
    ],
)
def test_process_without_a_traceback(tmp_path, arguments, typed, code):
    done = process(tmp_path, *arguments, input=typed)

    assert done.returncode == code
    assert "Traceback" not in done.stdout + done.stderr


def test_process_broken_pipe_is_quiet(tmp_path):
    environment = dict(os.environ, ACESO_HOME=str(tmp_path))
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", CALL, "doctor", "--json"],
        stdout=writer,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    os.close(writer)

    assert done.returncode == 141
    assert done.stderr == b""


def test_process_help_is_quick(tmp_path):
    started = time.monotonic()
    done = process(tmp_path, "--help")

    assert done.returncode == 0
    assert time.monotonic() - started < 1.0


def test_json_is_all_that_goes_to_standard_output(tmp_path):
    done = process(tmp_path, "doctor", "--json")

    assert json.loads(done.stdout)["ok"] is True
