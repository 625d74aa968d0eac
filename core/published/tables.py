"""Every table and figure of the five papers: what stands in it, and how it is made here or why not.

A table is made from its numbers in `results.csv`. Curves and bars that are only drawn have no number
there; what they show is declared here as rows of the same kind, without a printed value.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from core.errors import PenumbraError
from core.methods import METHODS
from core.methods.papers.deep_obfuscator import TEST_SETS
from core.methods.papers.dpfe import ATTRIBUTE_SETS, CUTS
from core.published import COLUMNS, PAPERS, published
from core.published.counterparts import REASONS, Counterpart, counterpart

Row = dict[str, Any]  # of `core.published.published`; one that is only drawn has `printed` ""
TABLE_OR_FIGURE = re.compile(r"(Table|Figure) \d+")
DRAWING = "A drawing of the idea: nothing is measured."
LAYERS = "The layers of the networks, which `core/nets` builds: nothing is measured."
# Amounts of noise at which DPFE's drawn curves are made; the paper names none.
NOISE = (0.0, 0.1, 0.5, 2.5)


class Table(NamedTuple):
    """A table or figure.

    place  "Table 3"; of numbers that only the text prints, as `results.csv` names it
    title  what it shows
    rows   its numbers, printed or only drawn; of pictures, what is measured of the same trainings
    words  what else has to be known, such as where its pictures are shown; where it cannot be made,
           the reason
    shown  `core.explain.EXPLANATIONS` that draw it
    """

    paper: str
    place: str
    title: str
    rows: tuple[Row, ...] = ()
    words: str = ""
    shown: tuple[str, ...] = ()

    @property
    def made(self) -> bool:
        """Whether any of it can be made here."""
        return any(isinstance(counterpart(row), Counterpart) for row in self.rows)

    @property
    def reason(self) -> str:
        """Why nothing of it can be made here; "" where something can."""
        found = [counterpart(row) for row in self.rows]
        why = dict.fromkeys(REASONS[reason] for reason in found if isinstance(reason, str))
        return "" if self.made else self.words or " ".join(why)


def drawn(paper: str, place: str, label: str, about: Mapping[str, Any], **measured: Any) -> Row:
    """A row that is only drawn: `about` says the method and the setting, `measured` the rest."""
    texts = dict.fromkeys(COLUMNS, "")
    lists: Row = {"tasks": (), "private": (), "knobs": {}, "schedule": {}}
    return {
        **texts,
        **lists,
        "paper": paper,
        "place": place,
        "label": label,
        "dataset": "CelebA",
        "unit": "number",
        "value": math.nan,
        **about,
        **measured,
    }


def _deep_obfuscator_7() -> Iterable[Row]:
    """Six test sets, three models: every task by its classifier, every private attribute by the
    adversary classifier."""
    models: tuple[tuple[str, str, dict[str, float]], ...] = (
        ("DeepObfuscator", "deep_obfuscator", {"lambda1": 1.0, "lambda2": 1.0}),
        ("Baseline (without adversarial training)", "original", {}),
        ("Baseline (noise)", "noisy_features", {}),
    )
    for letter, (tasks, private) in zip("abcdef", TEST_SETS.values(), strict=True):
        for label, method, knobs in models:
            about = {"method": method, "tasks": tasks, "private": private, "knobs": knobs}
            who = {"utility": ("own_head", tasks), "private": ("training_adversary", private)}
            for role, (attacker, names) in who.items():
                for name in names:
                    yield drawn(
                        "deep_obfuscator",
                        f"Section 4.5, Figure 7({letter})",
                        label,
                        about,
                        role=role,
                        attacker=attacker,
                        target=f"attribute:{name}",
                        metric="accuracy",
                        protocol="trained_along",
                    )


def _deep_obfuscator_2() -> Iterable[Row]:
    for label, knobs in (
        ("defend against only private attribute leakage", {"lambda1": 1.0, "lambda2": 0.0}),
        ("defend against only reconstruction", {"lambda1": 0.0, "lambda2": 1.0}),
    ):
        about = {"method": "deep_obfuscator", "tasks": ("Smiling",), "private": ("Male",)}
        measured = {"target": "image", "role": "private", "metric": "ms_ssim"}
        measured |= {"attacker": "training_reconstructor", "protocol": "trained_along"}
        yield drawn("deep_obfuscator", "Figure 2", label, about | {"knobs": knobs}, **measured)


def _aia(place: str, knobs: Mapping[str, float], metric: str) -> Iterable[Row]:
    about = {"method": "aia", "tasks": ("verification",), "private": ("Male",), "knobs": knobs}
    more = {"metric": metric, "protocol": "unsaid"}
    hidden = {"attacker": "training_adversary", "target": "attribute:Male", "role": "private"}
    yield drawn("aia", place, "AIA", about, **hidden, **more)
    served = {"attacker": "own_head", "target": "verification", "role": "utility"}
    yield drawn("aia", place, "AIA", about, **served, **more)


def _aia_2() -> Iterable[Row]:
    grid = (0.0, 0.25, 0.5, 0.75, 1.0)
    for value in grid:
        yield from _aia("Figure 2a", {"alpha": 0.5, "beta": value}, "auc")
    for value in grid:
        yield from _aia("Figure 2b", {"alpha": value, "beta": 0.5}, "auc")


def _dpfe(
    place: str,
    methods: Sequence[str],
    sets: Sequence[str],
    cuts: Sequence[str],
    measures: Sequence[str] = ("log_rank_privacy", "top1_accuracy"),
    task: str = "task",
) -> Iterable[Row]:
    """Accuracy and privacy of each model at each amount of noise."""
    for method in methods:
        for name in sets:
            for cut in cuts:
                for noise in NOISE:
                    label = f"{METHODS[method].title}, {name}, {cut}"
                    about: Row = {"method": method, "tasks": ATTRIBUTE_SETS[name]}
                    about |= {"private": ("identity",), "knobs": {"noise_ratio": noise}}
                    about |= {"schedule": {"cut": float(CUTS.index(cut))}}
                    served = {"target": task, "role": "utility", "metric": "accuracy"}
                    served |= {"attacker": "own_head", "protocol": "trained_along"}
                    yield drawn("dpfe", place, label, about, **served)
                    hidden = {"target": "identity", "role": "private", "protocol": "computed"}
                    for metric in measures:
                        yield drawn("dpfe", place, label, about, **hidden, metric=metric)


def _dpfe_10() -> Iterable[Row]:
    """What a decoder redraws from each cut of the attribute network, and from DPFE's numbers there."""
    for method in ("dpfe_m0", "dpfe"):
        knobs = {"noise_ratio": 0.0} if METHODS[method].release_knob else {}
        for cut, name in enumerate(CUTS):
            about: Row = {"method": method, "tasks": ATTRIBUTE_SETS["G"], "private": ("identity",)}
            about |= {"knobs": knobs, "schedule": {"cut": float(cut)}}
            measured = {"target": "image", "role": "private", "metric": "ms_ssim"}
            measured |= {"attacker": "mirrored_decoder", "protocol": "trained_after"}
            label = f"{METHODS[method].title}, {name}"
            yield drawn("dpfe", "Figure 10", label, about, **measured)


def _printed(paper: str, place: str) -> tuple[Row, ...]:
    """The results of a table or figure; what only describes the experiment is left out."""
    return tuple(
        row
        for row in published()
        if row["paper"] == paper and row["role"] != "setup" and place in places(row)
    )


def places(row: Row) -> list[str]:
    """The tables and figures whose number a row is: "Section 4.5, Figure 7(a)" is Figure 7's. The
    text's own place where it is none's."""
    found = [match.group() for match in TABLE_OR_FIGURE.finditer(row["place"])]
    return found or [row["place"]]


def _tables() -> Iterable[Table]:
    yield Table("pric", "Figure 1", "The design of PRIC", (), DRAWING)
    yield Table("pric", "Figure 2", "The hybrid training procedure", (), DRAWING)
    for number, hidden in ((3, "young"), (4, "gender")):
        title = f"Accuracy of tasks and private attribute over λ ('{hidden}' is private)"
        rows, more = _printed("pric", f"Figure {number}"), "The values that the text quotes."
        yield Table("pric", f"Figure {number}", title, rows, more)

    paper = "deep_obfuscator"
    yield Table(paper, "Figure 1", "Reconstruct attack and attribute leakage", (), DRAWING)
    pictures = "The pictures stand on the page Reconstructions."
    title = "Reconstructed images: defending against one attack only"
    yield Table(paper, "Figure 2", title, tuple(_deep_obfuscator_2()), pictures)
    yield Table(paper, "Figure 3", "The design of DeepObfuscator", (), DRAWING)
    title = "Reconstructed images: DeepObfuscator and two baselines"
    yield Table(paper, "Figure 4", title, _printed(paper, "Table 4"), pictures)
    study = "People are asked: set such a study up on the page Studies."
    yield Table(paper, "Figure 5", "An example question of the human study", (), study)
    losses = (
        "The Train page draws the losses of any training, whole; `sweep --method deep_obfuscator "
        "--sets all --no-evaluate` trains the six."
    )
    rows = _printed(paper, "Figure 6")
    yield Table(paper, "Figure 6", "Training loss for each testing set", rows, losses)
    printed = _printed(paper, "Figure 7")
    quoted = {_about(row) for row in printed}
    bars = [row for row in _deep_obfuscator_7() if _about(row) not in quoted]
    title = "Accuracy of tasks and private attributes in six test sets"
    yield Table(paper, "Figure 7", title, (*printed, *bars))
    yield Table(paper, "Table 1", "The architecture of each module", (), LAYERS)
    rows = _printed(paper, "Table 2")
    yield Table(paper, "Table 2", "The architecture of the attack reconstructors", rows, LAYERS)
    title = "MS-SSIM for different attack reconstructors"
    yield Table(paper, "Table 3", title, _printed(paper, "Table 3"))
    title = "PSNR and MS-SSIM for DeepObfuscator and two baselines"
    yield Table(paper, "Table 4", title, _printed(paper, "Table 4"))

    yield Table("aia", "Figure 1", "The architecture of AIA", (), DRAWING)
    yield Table(
        "aia", "Figure 2", "AUC of gender and of verification over α and β", tuple(_aia_2())
    )
    both = "The pictures stand on the pages Reconstructions and Attention."
    rows = tuple(_aia("Figure 3", {"alpha": 0.2, "beta": 0.5}, "accuracy"))
    title = "A redrawn picture and Grad-CAM at α = 0.2"
    yield Table("aia", "Figure 3", title, rows, both, ("attention",))
    title = "Accuracy of the gender classifier and of face verification"
    yield Table("aia", "Table 1", title, _printed("aia", "Table 1"))

    paper = "adversarial_reconstruction"
    yield Table(paper, "Figure 1", "The model inversion attack", (), DRAWING)
    yield Table(paper, "Figure 2", "Overview of the method", (), DRAWING)
    first, second = _printed(paper, "Table 1"), _printed(paper, "Table 2")
    title = "Reconstructions under various encoders and decoders"
    yield Table(paper, "Figure 3", title, first, pictures)
    embedded = "The points stand on the page Embeddings, coloured by two attributes."
    title = "t-SNE of the representations, by two attributes"
    own = tuple(r for r in first if r["attacker"] == "own_head" and "MS-Celeb" not in r["dataset"])
    yield Table(paper, "Figure 4", title, own, embedded, ("embedding",))
    for place in ("Figure 5", "Figure 7"):
        yield Table(paper, place, "Reconstructed images over λ2", second, pictures)
    yield Table(paper, "Figure 6", "The architecture of Dec and Dec^a", (), LAYERS)
    yield Table(paper, "Table 1", "Results on facial attribute prediction", first)
    yield Table(paper, "Table 2", "Results over λ2", second)
    yield Table(paper, "Table 3", "Evaluation on different layers", _printed(paper, "Table 3"))

    for number, title in (
        (1, "The hybrid framework of user and cloud"),
        (2, "When privacy is at stake"),
        (3, "The graphical model of private features"),
        (4, "The framework of private-feature extraction"),
        (5, "The DPFE architecture"),
    ):
        yield Table("dpfe", f"Figure {number}", title, (), DRAWING)
    models, few = ("dpfe_simple", "dpfe"), ("G", "GASLN")
    curves = "Drawn only, without a number, so that the amounts of noise are ours: " + ", ".join(
        f"{value:g}" for value in NOISE
    )
    which = f"{curves}. Which two sets of attributes it shows is not said: the smallest and the largest."
    ends = (CUTS[0], CUTS[-1])
    yield Table(
        "dpfe",
        "Figure 6",
        "DPFE against Simple: privacy over accuracy",
        tuple(_dpfe("Figure 6", models, few, ends)),
        which,
    )
    rows = tuple(_dpfe("Figure 7", ("dpfe",), few, CUTS))
    title = "Layer comparison: privacy over accuracy"
    yield Table("dpfe", "Figure 7", title, (*_printed("dpfe", "Figure 7"), *rows), which)
    rows = tuple(_dpfe("Figure 8", ("dpfe",), (*ATTRIBUTE_SETS,), CUTS[-1:], task="attribute:Male"))
    yield Table("dpfe", "Figure 8", "Gender and privacy as more has to be kept", rows, f"{curves}.")
    ranks = ("rank_mean", "rank_standard_deviation")
    rows = tuple(_dpfe("Figure 9", models, ("G",), CUTS[-1:], ranks))
    title = "Mean and deviation of the rank, DPFE and Simple"
    yield Table("dpfe", "Figure 9", title, (*_printed("dpfe", "Figure 9"), *rows), f"{curves}.")
    redrawn = (
        f"{pictures} The paper redraws with AlexNet's decoder; which layers it shows is not said."
    )
    rows = tuple(_dpfe_10())
    yield Table("dpfe", "Figure 10", "Visualisation of different layers", rows, redrawn)
    device = "Measured on a telephone that we do not have; the page Device cost has this machine's."
    rows = _printed("dpfe", "Figure 11")
    yield Table("dpfe", "Figure 11", "Time and memory on a mobile phone", rows, device)
    yield Table("dpfe", "Table 1", "Device specification", (), device)

    named = {(row["paper"], place) for row in published() for place in places(row)}
    for paper in PAPERS:
        in_text = [p for of, p in sorted(named) if of == paper and not TABLE_OR_FIGURE.match(p)]
        for place in in_text:
            if rows := _printed(paper, place):
                yield Table(paper, place, "Numbers that the text prints", rows)


def _about(row: Row) -> tuple[Any, ...]:
    """What two rows of a figure with bars share that are one bar."""
    return row["place"], row["method"], row["target"], row["role"], row["metric"]


TABLES: tuple[Table, ...] = tuple(_tables())


def of_paper(paper: str) -> tuple[Table, ...]:
    """A paper's tables and figures, tables first, then what its text prints. Raises PenumbraError
    for an unknown paper."""
    if paper not in PAPERS:
        near = get_close_matches(paper, PAPERS, 1)
        meant = f"; {near[0]} was likely meant" if near else ""
        raise PenumbraError(
            f"no paper is called {paper[:60]!r}; there are {', '.join(PAPERS)}{meant}"
        )
    found = [table for table in TABLES if table.paper == paper]
    kinds = ("Table", "Figure")
    return tuple(sorted(found, key=lambda table: _order(table.place, kinds)))


def _order(place: str, kinds: Sequence[str]) -> tuple[int, int]:
    kind, _, number = place.partition(" ")
    numbered = TABLE_OR_FIGURE.fullmatch(place) is not None
    return (kinds.index(kind), int(number)) if numbered else (len(kinds), 0)


def named(paper: str, place: str) -> Table:
    """The table or figure of a name such as "Table 3", "table3" or "Section 4". Raises PenumbraError
    that says what there is."""
    tables = of_paper(paper)
    wanted = _plain(place)
    for table in tables:
        if _plain(table.place) == wanted:
            return table
    known = ", ".join(table.place for table in tables)
    raise PenumbraError(f"the paper of {paper} has no {place[:60]!r}; it has: {known}")


def _plain(place: str) -> str:
    return re.sub(
        r"fig(ure)?(?=\d)",
        "figure",
        re.sub(r"[^a-z0-9.]", "", place.lower().replace("fig.", "fig")).rstrip("."),
    )
