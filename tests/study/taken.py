"""Participants for tests: they go the real way through a study, and choose as they are told."""

import sqlalchemy as sa

from core.study.participation import taking
from core.study.storage import database
from core.study.storage.tables import items, trials
from tests.study.sample_study import token


def takes(
    study_id,
    choose=lambda item: 0,
    questions=None,
    panel_id=None,
    milliseconds=2000,
    confidence=None,
):
    """One participant; the token of their browser.

    choose     item (role, setting, person) -> option that is taken (0: the right one), or None
    questions  how many they answer before they leave; all where None
    """
    browser = token()
    taking.start(study_id, browser, panel_id)
    for shown, (place, item, order) in enumerate(_trials(study_id)):
        if shown == questions:
            break
        taking.current(study_id, browser)
        choice = choose(item)
        place_on_screen = None if choice is None else order.index(choice)
        taking.answer(study_id, browser, place, place_on_screen, milliseconds, confidence)
    return browser


def _trials(study_id):
    """(position, item, option order) of the participant who came last."""
    with database.reading() as connection:
        last = sa.select(sa.func.max(trials.c.participant_id)).scalar_subquery()
        query = (
            sa.select(trials, items.c.role, items.c.setting, items.c.person)
            .join(items, items.c.id == trials.c.item_id)
            .where(trials.c.participant_id == last)
            .order_by(trials.c.position)
        )
        rows = connection.execute(query).mappings().all()
    return [(row["position"], row, row["option_order"]) for row in rows]
