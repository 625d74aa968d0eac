"""What stands folded under a study's main figure: one function for each question about it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from app.page import pictures, show, states, wording
from app.study import answers as study_answers
from app.study import charts, details_words, verdict
from core.errors import PenumbraError
from core.study.analysis import breakdown, export, results

FACE = 88  # pixels of a picture
SHOWN = 3  # faces at either end
FEW_TIMES = 10  # answers below which no histogram of times is drawn


class Looked(NamedTuple):
    """What is looked at: the study, whether simulated answers, who counts, the rows of the chart, and
    what they were made from."""

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
    both = [
        row
        for kind in ("all", "passed")
        for row in verdict.rows(looked.summary, looked.about, kind)
    ]
    order = {row["label"]: place for place, row in enumerate(looked.rows)}
    both.sort(key=lambda row: order[row["label"]])
    if not looked.study["design"]["attention"]:
        both = [row for row in both if row["who"] == "all"]
    show.table(
        details_words.numbers(both), "study-settings",
        "Right answers at each setting, of everybody and of those who passed the attention checks",
        numbers=lambda: details_words.taken_away(both),
    )  # fmt: skip
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
        keys = list(wanted)
        label = st.selectbox("Setting", [wanted[key] for key in keys], key="study_faces_of", width=420)  # fmt: skip
        setting, attacker = keys[[wanted[key] for key in keys].index(label)]
        table = table[(table["setting"] == setting) & (table["attacker"] == attacker)]
    if table.empty:
        st.write("Nobody has been asked about this setting yet.")
        return
    st.caption(details_words.faces_caption(table))
    ends = [("Recognised least", table.head(SHOWN))]
    if len(table) > SHOWN:
        ends.append(("Recognised best", table.iloc[::-1].head(min(SHOWN, len(table) - SHOWN))))
    for title, rows in ends:
        st.markdown(f"**{title}**")
        for row in rows.to_dict("records"):
            _face(looked.study["id"], row)
    show.chart(
        charts.choices(table, states.dark()), "study-faces",
        lambda: details_words.faces_taken_away(table, wanted),
        details_words.faces_alt(table),
    )  # fmt: skip


def _face(study_id: str, row: dict[str, Any]) -> None:
    """One question: the redrawn face, the options, how often each was taken."""
    try:
        found = study_answers.pictures(study_id, int(row["item"]))
    except PenumbraError as error:
        st.caption(f"Its pictures cannot be shown: {error}.")
        return
    said = details_words.face(row)
    with st.container(horizontal=True, gap="small", vertical_alignment="top"):
        with st.container(width=FACE + 16, gap="xxsmall"):
            st.image(
                _enlarged(found["redrawn"]),
                width=FACE,
                output_format="PNG",
                alt=f"Redrawn face of person {row['person']}",
            )
            st.caption(f"redrawn; {said}")
        for place, (picture, count) in enumerate(zip(found["options"], row["choices"], strict=True)):  # fmt: skip
            with st.container(width=FACE + 16, gap="xxsmall"):
                what = "the right one" if place == 0 else "a wrong one"
                st.image(
                    _enlarged(picture),
                    width=FACE,
                    output_format="PNG",
                    alt=f"Option: {what}, chosen {count} times",
                )
                st.caption(f"{'**right** ' if place == 0 else ''}{count} of {row['n']}")


def _enlarged(png: bytes) -> np.ndarray:
    """A picture at the size at which it is shown, its pixels not smoothed."""
    return pictures.enlarged(np.asarray(Image.open(io.BytesIO(png)).convert("RGB")), FACE)


def people(looked: Looked) -> None:
    table = breakdown.participants(looked.answers)
    st.caption(details_words.people_caption(table))
    show.chart(
        charts.participants(table, looked.chance, states.dark()), "study-participants",
        table, f"How many participants were right how often. {details_words.people_caption(table)}",
    )  # fmt: skip


def times(looked: Looked) -> None:
    taken = results.counted(looked.answers).dropna(subset=["milliseconds"])
    taken = taken[~taken["timed_out"]]
    if len(taken) < FEW_TIMES:
        st.write(f"{len(taken)} times were measured so far, too few to draw.")
        return
    said = details_words.times_caption(taken, results.counted(looked.answers))
    st.caption(said)
    show.chart(
        charts.times(taken, states.dark()), "study-times",
        taken[["participant", "right", "milliseconds", "server_milliseconds"]], said,
    )  # fmt: skip


def sure(looked: Looked) -> None:
    table = breakdown.calibration(looked.answers)
    if table.empty:
        st.write("Nobody has said yet how sure they were.")
        return
    said = details_words.calibration_caption(table)
    st.caption(said)
    show.chart(charts.calibration(table, looked.chance, states.dark()), "study-sure", table, said)


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
        for format, kind in (("csv", "text/csv"), ("parquet", "application/vnd.apache.parquet")):
            st.download_button(
                f"Answers ({format.upper() if format == 'csv' else 'Parquet'})",
                lambda format=format: _first(export.files(name, format, made_up)),
                f"penumbra-study-{name}{end}-answers.{format}", kind, key=f"answers_{format}",
                icon=":material/download:", on_click="ignore",
            )  # fmt: skip
        show.csv(export.dictionary, f"study-{name}{end}-columns", "study_columns", "What the columns mean (CSV)")  # fmt: skip
        st.download_button(
            "Design and counts (JSON)", lambda: _last(export.files(name, "csv", made_up)),
            f"penumbra-study-{name}{end}.json", "application/json", key="study_json",
            icon=":material/download:", type="tertiary", on_click="ignore",
        )  # fmt: skip
    if not made_up:
        st.caption(
            "Whom a panel sent, for paying them: their ids and whether they finished, in alphabetical "
            "order, with nothing that joins them to answers."
        )
        show.csv(lambda: export.panel_ids(name), f"study-{name}-panel", "study_panel", "Panel ids (CSV)")  # fmt: skip


def _first(files: dict[str, bytes]) -> bytes:
    return next(iter(files.values()))


def _last(files: dict[str, bytes]) -> bytes:
    return list(files.values())[-1]


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


def offered(key: str, looked: Looked) -> bool:
    """Whether a part has anything to say."""
    return key != "sure" or looked.study["design"]["confidence"]
