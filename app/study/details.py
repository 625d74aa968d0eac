"""What stands folded under a study's main figure: one function for each question about it."""

import io
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from app.cache import study_answers
from app.page import show, states, wording
from app.study import charts, details_words, verdict
from core.errors import PenumbraError
from core.study.analysis import breakdown, export, results

FACE = 88  # pixels of a picture
SHOWN = 3  # faces at either end
EXPORTS = {"csv": ("CSV", "text/csv"), "parquet": ("Parquet", "application/vnd.apache.parquet")}
FEW_TIMES = 10  # answers below which no histogram of times is drawn


class Looked(NamedTuple):
    """What is looked at; `who` counts ("all", "passed"); `rows` are made from the last two."""

    study: dict[str, Any]
    simulated: bool
    who: str
    rows: tuple[dict[str, Any], ...]
    summary: pd.DataFrame
    about: dict[str, Any]

    @property
    def answers(self) -> pd.DataFrame:
        """The answers that count."""
        found = study_answers.answers(self.study, self.simulated)
        return found[found["passed"]] if self.who == "passed" else found

    @property
    def participants(self) -> int:
        return results.counted(self.answers)["participant"].nunique()

    @property
    def labels(self) -> dict[tuple[str, str], str]:
        return {(row["setting"], row["attacker"]): row["label"] for row in self.rows}

    @property
    def chance(self) -> float:
        return 1 / self.study["design"]["options"]


def numbers(looked: Looked) -> None:
    kinds = ("all", "passed") if looked.study["design"]["attention"] else ("all",)
    both = [row for kind in kinds for row in verdict.rows(looked.summary, looked.about, kind)]
    order = [row["label"] for row in looked.rows]
    both.sort(key=lambda row: order.index(row["label"]))
    alt = "Right answers at each setting, of everybody and of those who passed the attention checks"
    taken_away = partial(details_words.taken_away, both)
    show.table(details_words.numbers(both), "study-settings", alt, taken_away)
    st.caption(details_words.clustered(looked.rows))
    st.caption(
        "The intervals speak of other people who would be asked about these faces. Other faces may be "
        "easier or harder: the interval that lets answers about a face hang together says by how much."
    )


def reference(looked: Looked) -> None:
    st.write(verdict.reference(results.reference()))
    if looked.chance != results.reference()["chance"]:
        st.write(
            f"Here guessing is right in {wording.percent(looked.chance)}, so its 28 % is not drawn; d′ "
            "in the table above compares studies with other numbers of photographs."
        )


def faces(looked: Looked) -> None:
    table = breakdown.faces(looked.answers)
    wanted = looked.labels
    if len(wanted) > 1:
        label = st.selectbox("Setting", list(wanted.values()), key="study_faces_of", width=420)
        setting, attacker = next(key for key, words in wanted.items() if words == label)
        table = table[(table["setting"] == setting) & (table["attacker"] == attacker)]
    if table.empty:
        st.write("Nobody has been asked about this setting yet.")
        return
    caption = details_words.faces_caption(table)
    st.caption(caption)
    ends = [("Recognised least", table.head(SHOWN))]
    if len(table) > SHOWN:
        ends.append(("Recognised best", table.iloc[::-1].head(min(SHOWN, len(table) - SHOWN))))
    for title, rows in ends:
        st.markdown(f"**{title}**")
        for row in rows.to_dict("records"):
            _face(looked.study["id"], row)
    taken_away = partial(details_words.faces_taken_away, table, wanted)
    start = "What was chosen for each redrawn face, the least recognised first."
    figure, alt = charts.choices(table, states.colours()), f"{start} {caption}"
    show.chart(figure, "study-faces", taken_away, alt)


def _face(study_id: str, row: dict[str, Any]) -> None:
    """One question: the redrawn face, the options, how often each was taken."""
    try:
        found = study_answers.pictures(study_id, int(row["item"]))
    except PenumbraError as error:
        st.caption(f"Its pictures cannot be shown: {error}.")
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="top"):
        text = f"redrawn; {details_words.face(row)}"
        _picture(found["redrawn"], f"Redrawn face of person {row['person']}", text)
        for place, (png, count) in enumerate(zip(found["options"], row["choices"], strict=True)):
            what, mark = ("a wrong one", "") if place else ("the right one", "**right** ")
            alt = f"Option: {what}, chosen {count} times"
            _picture(png, alt, f"{mark}{count} of {row['n']}")


def _picture(png: bytes, alt: str, text: str) -> None:
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    show.picture(picture, FACE, alt, text, room=16)


def people(looked: Looked) -> None:
    table = breakdown.participants(looked.answers)
    sentence = details_words.people_caption(table)
    st.caption(sentence)
    alt = f"How many participants were right how often. {sentence}"
    figure = charts.participants(table, looked.chance, states.colours())
    show.chart(figure, "study-participants", table, alt)


def times(looked: Looked) -> None:
    taken = results.counted(looked.answers).dropna(subset=["milliseconds"])
    taken = taken[~taken["timed_out"]]
    if len(taken) < FEW_TIMES:
        st.write(f"{len(taken)} times were measured so far, too few to draw.")
        return
    sentence = details_words.times_caption(taken, results.counted(looked.answers))
    st.caption(sentence)
    columns = ["participant", "right", "milliseconds", "server_milliseconds"]
    show.chart(charts.times(taken, states.colours()), "study-times", taken[columns], sentence)


def sure(looked: Looked) -> None:
    table = breakdown.calibration(looked.answers)
    if table.empty:
        st.write("Nobody has said yet how sure they were.")
        return
    sentence = details_words.calibration_caption(table)
    st.caption(sentence)
    figure = charts.calibration(table, looked.chance, states.colours())
    show.chart(figure, "study-sure", table, sentence)


def alike(looked: Looked) -> None:
    table = breakdown.agreement(looked.answers)
    found = {(row["setting"], row["attacker"]): row for row in table.to_dict("records")}
    for key, label in looked.labels.items():
        if key in found:
            st.markdown(f"**{label}**: {details_words.alpha_words(found[key])}.")
    st.caption(
        "Krippendorff's alpha over the photographs that were chosen: 1 where all who saw a face chose "
        "the same photograph, right or wrong; 0 as if their choices had been dealt out at random. "
        "People who agree on a wrong person see something in the redrawn face that misleads all of "
        "them; people who do not agree see nothing."
    )


def enough(looked: Looked) -> None:
    design = looked.study["design"]
    width = design["stop_width"] or breakdown.GOAL_WIDTH
    for row in looked.rows:
        more = study_answers.more(row["n"], row["share"], row["chance"], width)
        st.markdown(f"**{row['label']}**: {details_words.needed(row, more, width)}.")
    st.caption(
        "As long as people stay as good as they are. Answers, not people: a participant gives "
        f"{design['questions']}, spread over {len(design['settings'])} settings."
    )
    everybody = verdict.rows(looked.summary, looked.about, "all")
    st.write(details_words.stopping(looked.study, everybody, looked.simulated))


def asked(looked: Looked) -> None:
    st.markdown(details_words.design(looked.study))
    st.caption("The consent text, as it was shown:")
    with st.container(border=True):
        st.markdown(wording.without_pictures(looked.study["design"]["consent"]))


def take_away(looked: Looked) -> None:
    name, made_up = looked.study["id"], looked.simulated
    end = "-simulated" * made_up
    st.write(
        "Every answer, one row each, without anything that leads to a person: times of day are rounded "
        "to the hour, panel ids stay here. Whoever withdraws is gone from the next export; files that "
        "were handed out before are yours to clean."
    )
    with st.container(horizontal=True):
        for format, (label, kind) in EXPORTS.items():
            answers = partial(_file, name, format, made_up, 0)
            file = f"study-{name}{end}-answers.{format}"
            show.download(f"Answers ({label})", answers, file, kind, key=f"answers_{format}")
        title = "What the columns mean (CSV)"
        show.csv(export.dictionary, f"study-{name}{end}-columns", "study_columns", title)
        counts = partial(_file, name, "csv", made_up, -1)
        more = {"key": "study_json", "type": "tertiary"}
        file = f"study-{name}{end}.json"
        show.download("Design and counts (JSON)", counts, file, "application/json", **more)
    if not made_up:
        st.caption(
            "Whom a panel sent, for paying them: their ids and whether they finished, in alphabetical "
            "order, with nothing that joins them to answers."
        )
        panel_ids = partial(export.panel_ids, name)
        show.csv(panel_ids, f"study-{name}-panel", "study_panel", "Panel ids (CSV)")


def _file(study_id: str, format: str, made_up: bool, place: int) -> bytes:
    return list(export.files(study_id, format, made_up).values())[place]


def words(looked: Looked) -> None:
    st.markdown(details_words.WORDS)


PARTS: tuple[tuple[str, str, Callable[[Looked], None]], ...] = (
    ("All numbers, with and without those who failed an attention check", "numbers", numbers),
    ("What did DeepObfuscator's own study find?", "reference", reference),
    ("Which faces are recognised?", "faces", faces),
    ("Do some people see more than others?", "people", people),
    ("How long do people take?", "times", times),
    ("Do people know when they are right?", "sure", sure),
    ("Do people choose alike?", "alike", alike),
    ("How many more answers are needed?", "enough", enough),
    ("What was asked?", "asked", asked),
    ("Take the answers away", "files", take_away),
    ("What the words mean", "words", words),
)
