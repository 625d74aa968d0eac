"""Trainings that are started, watched, stopped and resumed in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from core.run import Run
from core.run_validation import checked
from tests.tiny_folder import register_tiny_folder

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def tiny(place):
    """The app's folder, with photographs that a training takes no time on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENUMBRA_HOME", str(place / "home"))
        register_tiny_folder(place / "photographs")
    return place


def test_stop_a_sweep_resume_it_and_take_it_from_the_list(page, address, tiny):
    page.goto(f"{address}/train?train_data=tiny&train_device=cpu&train_deep_obfuscator_lambda1=0,1")
    expect(page.locator("h2").first).to_contain_text("2 settings of DeepObfuscator")
    page.get_by_role("button", name="Start training and attacks").click()
    expect(page.get_by_text(re.compile(r"step \d+ of \d+")).first).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile("stopped at step"))).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.get_by_text(re.compile(r"step \d+ of \d+")).first).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    job = page.get_by_text("DeepObfuscator on tiny")
    expect(job.first).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_text("Delete what it trained as well").click()
    page.get_by_role("button", name="Delete it all").click()
    expect(job).to_have_count(0)
    assert not list((tiny / "checkpoints" / "tiny").glob("deep_obfuscator-*"))
    assert (tiny / "photographs" / "labels.csv").is_file()


def test_start_a_tiny_training_and_see_it_finish(page, address, tiny):
    page.goto(f"{address}/train?train_data=tiny&train_method=original&train_device=cpu")
    expect(page.get_by_text("72 photographs of 24 people")).to_be_visible()
    page.get_by_role("button", name="Start training and attacks").click()
    job = page.locator(
        "[data-testid=stVerticalBlock]", has_text="Unprotected features on tiny"
    ).last
    expect(job.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_text("done: trained and attacked")).to_be_visible()
    run = checked(Run("original", "tiny"))
    assert (tiny / "checkpoints" / "tiny" / run.id / "done").is_file()
    assert list((tiny / "checkpoints" / "tiny" / run.id / "attacks" / "strict").glob("*/done"))

    page.get_by_role("link", name="See it on the trade-off").click()
    expect(page.get_by_role("heading", name="How much protection")).to_be_visible()
    page.goto(f"{address}/?data=tiny")
    expect(page.locator("h2").first).to_contain_text(
        re.compile("tells the gender|too weak to conclude")
    )
