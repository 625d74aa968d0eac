"""Who may see the officers' pages."""

from collections import deque

import pytest
from argon2 import PasswordHasher

from app.access import PER, WRONG, admitted, check, local

HERE = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}


@pytest.mark.parametrize("remote", [None, "127.0.0.1", "::1", "::ffff:127.0.0.1", "127.9.9.9"])
@pytest.mark.parametrize("host", ["localhost", "localhost:8501", "127.0.0.1:8501", "[::1]:8501"])
def test_this_machine_is_local(remote, host):
    assert local({"HOST": host}, remote)


@pytest.mark.parametrize(
    ("headers", "remote"),
    [
        (HERE, "192.168.1.20"),
        (HERE, "2001:db8::1"),
        (HERE, "::ffff:10.0.0.1"),
        (HERE, "not an address"),
        ({"Host": "penumbra.example.org"}, None),
        # a name of somebody else's that points to this machine (DNS rebinding)
        ({"Host": "localhost.example.org:8501"}, "127.0.0.1"),
        ({"Host": "example.org@localhost.example.org"}, "127.0.0.1"),
        ({"Host": "[::1"}, None),
        ({}, None),
        # proxies and tunnels on this machine
        (HERE | {"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1"),
        (HERE | {"forwarded": "for=127.0.0.1"}, "127.0.0.1"),
        (HERE | {"CF-Connecting-IP": "203.0.113.9"}, None),
        (HERE | {"Via": "1.1 proxy"}, None),
    ],
)
def test_anything_else_is_not(headers, remote):
    assert not local(headers, remote)


def test_only_listed_addresses_are_admitted():
    listed = ["anna@office.eu", "@dpo.example"]
    assert admitted({"email": "Anna@Office.eu"}, listed)
    assert admitted({"email": "any@dpo.example", "email_verified": True}, listed)
    for user in (
        {"email": "eve@office.eu"},
        {"email": "anna@office.eu", "email_verified": False},
        {"email": "eve@dpo.example.org"},
        {"email": "eve@sub.dpo.example"},
        {"email": None},
        {"email": ["anna@office.eu"]},
        {"name": "anna@office.eu"},
    ):
        assert not admitted(user, listed), user
    assert not admitted({"email": "anna@office.eu"}, [])


@pytest.fixture(scope="module")
def hashed():
    return PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash("correct horse")


def test_the_password_and_no_other(hashed):
    wrong_ones = deque(maxlen=WRONG)
    assert check("correct horse", hashed, wrong_ones, 0.0) == (True, "")
    for wrong in ("", "Correct horse", "correct horse ", hashed, "x" * 100_000):
        right, said = check(wrong, hashed, wrong_ones, 0.0)
        assert not right
        assert "not the password" in said


def test_after_some_wrong_ones_all_wait_a_while(hashed):
    wrong_ones = deque(maxlen=WRONG)
    for second in range(WRONG):
        check("wrong", hashed, wrong_ones, float(second))
    assert not check("correct horse", hashed, wrong_ones, WRONG + 1.0)[0]
    assert "Wait" in check("correct horse", hashed, wrong_ones, PER - 1)[1]
    assert check("correct horse", hashed, wrong_ones, PER)[0]


def test_a_damaged_hash_lets_nobody_in():
    right, said = check("", "", deque(maxlen=WRONG), 0.0)
    assert not right
    assert "study password" in said
