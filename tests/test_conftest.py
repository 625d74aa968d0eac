"""What `tests.conftest` promises: the same examples and draws, whatever ran or was imported before."""

import os
import random
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.listings import only


def drawn():
    found = []

    @given(st.integers(), st.floats(allow_nan=False))
    def each(whole, real):
        found.append((whole, real))

    each()
    return found


@pytest.mark.skipif("config.getoption('--fuzz') is not None", reason="examples are random")
def test_examples_do_not_depend_on_what_was_imported(tmp_path, monkeypatch):
    before = drawn()
    names = [f"constants_{number}" for number in range(3)]
    for number, name in enumerate(names):
        numbers = [7_000_000_001 + 1000 * number + step for step in range(50)]
        (tmp_path / f"{name}.py").write_text(f"NUMBERS = {numbers}\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in names:
        __import__(name)
    assert drawn() == before
    for name in names:
        del sys.modules[name]


@pytest.mark.parametrize("again", range(2))
def test_global_generators_start_the_same(again):
    assert random.random() == random.Random(0).random()
    assert np.random.random() == np.random.RandomState(0).random_sample()
    assert torch.equal(torch.rand(3), torch.rand(3, generator=torch.Generator().manual_seed(0)))


def test_nothing_that_a_user_has_set_reaches_a_test():
    set_by_tests = {"PENUMBRA_THREADS"}
    assert {name for name in os.environ if name.startswith("PENUMBRA_")} == set_by_tests


def test_what_is_left_of_a_listing_and_its_order_afterwards(monkeypatch):
    listing = {"a": 1, "b": 2, "c": 3, "d": 4}
    before = list(listing.items())
    with monkeypatch.context() as patch:
        only(patch, listing, ["d", "b"])
        assert list(listing.items()) == [("b", 2), ("d", 4)]
    assert list(listing.items()) == before
