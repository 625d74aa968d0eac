"""A training that is started, watched, stopped and resumed in a real browser."""

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
    yield place
    (place / "home" / "hold").unlink(missing_ok=True)  # a test that failed leaves no process behind


def test_a_training_is_stopped_resumed_seen_to_finish_and_taken_from_the_list(page, address, tiny):
    (tiny / "home" / "hold").touch()
    page.goto(f"{address}/train?train_data=tiny&train_method=original&train_device=cpu")
    expect(page.get_by_text("72 photographs of 24 people")).to_be_visible()
    page.get_by_role("button", name="Start training and attacks").click()
    job = page.locator(
        "[data-testid=stVerticalBlock]", has_text="Unprotected features on tiny"
    ).last
    expect(job.get_by_text(re.compile(r"step \d+ of \d+")).first).to_be_visible()
    job.get_by_role("button", name="Stop").click()
    expect(job.get_by_text(re.compile("stopped at step"))).to_be_visible()
    (tiny / "home" / "hold").unlink()
    job.get_by_role("button", name="Resume").click()
    expect(job.get_by_text("done: trained and attacked")).to_be_visible()
    run = checked(Run("original", "tiny"))
    folder = tiny / "checkpoints" / "tiny" / run.id
    assert (folder / "done").is_file()
    assert list((folder / "attacks" / "strict").glob("*/done"))

    job.get_by_role("link", name="See it on the trade-off").click()
    expect(page.locator("h2").first).to_contain_text(
        re.compile("tells the gender|too weak to conclude")
    )
    page.go_back()
    job.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_text("Delete what it trained as well").click()
    page.get_by_role("button", name="Delete it all").click()
    expect(page.get_by_text("Unprotected features on tiny")).to_have_count(0)
    assert not folder.exists()
    assert (tiny / "photographs" / "labels.csv").is_file()
