"""Taking part in a study as people do: what they see and press, and what is then stored."""

from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Locator, Page, expect

from core.study.storage import database
from core.study.storage.tables import answers, items, panel_ids, participants, trials

READY = """number => {
    const ready = (question) => question && !question.hidden &&
        question.querySelector('.option[aria-disabled=false]') &&
        question.querySelector('.progress').textContent.startsWith(`Question ${number} of`)
    return [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')].some(
        (host) => ready(host.shadowRoot?.querySelector('section.question')))
}"""


def arrive(page: Page, address: str, study_id: str, more: str = "") -> None:
    """Open the link and agree."""
    page.goto(f"{address}/?study={study_id}{more}")
    page.get_by_role("button", name="I agree and take part").click()


def asked(page: Page, number: int) -> Locator:
    """The options of question `number`, as soon as they can be chosen."""
    page.wait_for_function(READY, arg=number)  # looks at every frame; `expect` up to a second later
    return page.locator(".option")


def answer(page: Page, numbers: range, place: int = 0) -> None:
    """Choose the photograph at `place` in each of these questions."""
    for number in numbers:
        asked(page, number).nth(place).click()


def code(page: Page) -> str:
    """The withdrawal code on the last page."""
    shown = page.locator("output.code")
    expect(shown).to_be_visible()
    return shown.inner_text()


def stored(study_id: str) -> dict[int, dict[int, dict[str, Any]]]:
    """What was answered: participant's number -> position -> place on the screen, milliseconds,
    confidence."""
    same = ("participant_id", "position")
    wanted = (
        sa.select(participants.c.number, answers, trials.c.option_order)
        .join(answers, answers.c.participant_id == participants.c.id)
        .join(trials, sa.and_(*(trials.c[name] == answers.c[name] for name in same)))
        .where(participants.c.study_id == study_id)
    )
    found: dict[int, dict[int, dict[str, Any]]] = {}
    with database.reading() as connection:
        for row in connection.execute(wanted).mappings():
            place = None if row["choice"] is None else row["option_order"].index(row["choice"])
            found.setdefault(row["number"], {})[row["position"]] = {
                "place": place,
                "milliseconds": row["milliseconds"],
                "confidence": row["confidence"],
            }
    return found


def places(study_id: str, number: int = 1) -> list[int | None]:
    """Where a participant chose, in the order of the questions."""
    return [given["place"] for _, given in sorted(stored(study_id).get(number, {}).items())]


def truth(study_id: str) -> dict[int, list[dict[str, Any]]]:
    """What a participant must not find out: role, and where the right option stands, in the order of
    the questions."""
    wanted = (
        sa.select(participants.c.number, trials.c.option_order, items.c.role)
        .join(trials, trials.c.participant_id == participants.c.id)
        .join(items, items.c.id == trials.c.item_id)
        .where(participants.c.study_id == study_id)
        .order_by(participants.c.number, trials.c.position)
    )
    found: dict[int, list[dict[str, Any]]] = {}
    with database.reading() as connection:
        for number, order, role in connection.execute(wanted):
            found.setdefault(number, []).append({"role": role, "right": order.index(0)})
    return found


def count(study_id: str) -> int:
    """Participants that are stored."""
    wanted = sa.select(sa.func.count()).where(participants.c.study_id == study_id)
    with database.reading() as connection:
        return connection.execute(wanted).scalar_one()


def rows() -> dict[str, int]:
    """How many rows of people the whole database holds, by table."""
    with database.reading() as connection:
        return {
            table.name: connection.execute(
                sa.select(sa.func.count()).select_from(table)
            ).scalar_one()
            for table in (participants, panel_ids, trials, answers)
        }
