"""Maps of releases in words and on a chart."""

import math

import numpy as np
import plotly.graph_objects as go
import pytest

from app.embedding import chart, projections
from app.embedding.projections import IDENTITY, Maps
from core.errors import PenumbraError

POSITIONS = np.arange(6) * 3
PEOPLE = np.array([4, 4, 4, 9, 9, 2])
LABELS = np.array([1, 1, 0, 0, 0, 1], dtype=bool)
FACTS = {"photographs": 6, "people": 3, "seed": 0, "numbers": 12, "axes": 2, "variance": [0.5, 0.2]}


def apart(purity, half=0.04, chance=0.5, silhouette=0.3):
    low, high = purity - half, purity + half
    return {"silhouette": silhouette, "purity": purity, "low": low, "high": high, "chance": chance}


def made(identity=0.8, male=0.9):
    places = {name: np.linspace(0, 1, 12).reshape(6, 2) for name in projections.MAPS}
    found = {IDENTITY: apart(identity, chance=0.02), "Male": apart(male)}
    return Maps(POSITIONS, places, found, dict(FACTS))


def stored():
    arrays = {name: np.zeros((6, 2), np.uint16) for name in projections.MAPS}
    return arrays | {"positions": POSITIONS.astype(np.int32)}, FACTS | {
        "apart": {"Male": apart(0.9)}
    }


def setting(key, value, **more):
    row = {
        "key": key,
        "run_id": key,
        "method": "deep_obfuscator",
        "schedule": "",
        "tasks": "Smiling",
    }
    row |= {"private": "Male", "knob:lambda1": value, "knob:lambda2": 0.0}
    return row | more


def test_what_was_kept_is_read():
    found = projections.maps(*stored())
    assert found.positions.tolist() == POSITIONS.tolist()
    assert found.apart["Male"]["purity"] == 0.9


@pytest.mark.parametrize(
    "damage",
    [
        lambda arrays, facts: arrays.pop("umap"),
        lambda arrays, facts: arrays.update(tsne=np.zeros((5, 2))),
        lambda arrays, facts: arrays.update(positions=np.array([-1, 1, 2, 3, 4, 5])),
        lambda arrays, facts: arrays.update(positions=np.zeros(6)),
        lambda arrays, facts: arrays.update(positions=np.array(list("abcdef"))),
        lambda arrays, facts: facts.update(apart=[1]),
        lambda arrays, facts: facts.update(apart={"Male": {"purity": "much"}}),
        lambda arrays, facts: facts.update(variance="x"),
        lambda arrays, facts: facts.pop("seed"),
        lambda arrays, facts: facts.update(seed=float("inf")),
        lambda arrays, facts: facts.update(apart={"Male": {"purity": 10**400}}),
        lambda arrays, facts: arrays.update(positions=np.arange(6)[None]),
    ],
)
def test_what_is_not_ours_is_refused(damage):
    arrays, facts = stored()
    damage(arrays, facts)
    with pytest.raises(PenumbraError, match="damaged"):
        projections.maps(arrays, facts)


def test_before_is_the_unprotected_reference_or_the_weakest_value():
    rows = [setting("weak", 0.0), setting("strong", 5.0)]
    bare = setting("bare", math.nan, method="original") | {"knob:lambda2": math.nan}
    assert projections.before([*rows, bare], rows[1], bare)["key"] == "bare"
    assert projections.before([*rows, bare], bare, bare) is None
    assert projections.before(rows, rows[1], None)["key"] == "weak"
    assert projections.before(rows, rows[0], None) is None


def test_the_verdict_answers_and_says_what_it_is_compared_with():
    bare = setting("bare", math.nan, method="original") | {"knob:lambda2": math.nan}
    said = projections.sentence(setting("a", 1.0), made(0.3), made(0.8), IDENTITY, bare)
    assert said == (
        "Mostly: at λ₁ = 1, λ₂ = 0 the most similar release shows the same person in 30 % of cases "
        "(26–34; chance 2.0 %, unprotected 80 %)."
    )
    said = projections.sentence(setting("a", 1.0), made(), made(), "Male", setting("b", 0.0))
    assert said.startswith("No: at λ₁ = 1")
    assert "of another person agrees on “Gender” in 90 %" in said
    assert "at λ₁ = 0, λ₂ = 0 90 %" in said
    alone = projections.sentence(setting("a", 1.0), made(), None, IDENTITY, None)
    assert alone.startswith("At λ₁ = 1")
    assert "one answer" in projections.sentence(setting("a", 1.0), made(), None, "Bald", None)


@pytest.mark.parametrize(
    ("now", "then", "answer"),
    [
        (0.52, 0.9, "Yes"),
        (0.6, 0.9, "Mostly"),
        (0.75, 0.9, "Partly"),
        (0.89, 0.9, "No"),
        (0.9, 0.52, ""),
    ],
)
def test_how_much_is_mixed_up(now, then, answer):
    assert projections.mixed(apart(now), apart(then)) == answer
    assert projections.mixed(apart(now), None) == ""
    assert projections.mixed(apart(now) | {"low": math.nan}, apart(then)) == ""


def test_silhouettes_have_words():
    assert [projections.silhouette(v) for v in (0.6, 0.3, 0.15, -0.2, math.nan)] == [
        "stand clearly apart",
        "stand apart",
        "overlap widely",
        "lie in each other",
        "not measured",
    ]
    lda = {"value": 0.64, "low": 0.6, "high": 0.7, "before": 2.0}
    text = projections.detail(made(), made(), IDENTITY, lda)
    assert "LDA score of 0.64 (0.60–0.70), before 2.00" in text
    assert "6 photographs of 3 people" in text


def test_the_table_has_people_first_then_what_is_most_alike():
    table = projections.table(made(0.6, 0.9), None)
    assert table["Grouped by"].tolist() == ["Person", "Gender"]
    assert table["Nearest agrees, here"].tolist() == pytest.approx([60, 90])
    assert table["Nearest agrees, before"].isna().all()


def test_turning_brings_the_same_map_back():
    places = np.random.default_rng(0).random((6, 2))
    angle = 2.1
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    turned = (places - 0.5) @ turn @ np.diag([1, -1]) + 0.5
    first, second = (
        made()._replace(places=dict.fromkeys(projections.MAPS, p)) for p in (places, turned)
    )
    back = projections.turned(second, first).places
    spread = np.ptp(places, axis=0).max()
    middle = (places.min(0) + places.max(0)) / 2
    assert back["tsne"] == pytest.approx((places - middle) / spread + 0.5)
    mirrored = first._replace(places=dict.fromkeys(projections.MAPS, 1 - places))
    assert projections.turned(mirrored, first).places["pca"] == pytest.approx(back["tsne"])
    other = first._replace(positions=POSITIONS + 1)
    assert projections.turned(other, first) is other


def test_a_lasso_in_words():
    text = projections.selection([0, 1, 3], PEOPLE, {"Male": LABELS})
    assert text == (
        "3 photographs of 2 people; 60 % of these people's photographs lie inside; men: 67 % inside, "
        "50 % on the whole map."
    )
    assert projections.selection([5], PEOPLE, {}) == (
        "1 photograph of 1 person; 100 % of this person's photographs lie inside."
    )


def test_people_with_most_photographs_are_followed():
    assert projections.followed(PEOPLE)[:2] == [4, 9]


def drawn(answers, followed=(), ringed=(), **more):
    texts = [f"Person {person}" for person in PEOPLE]
    places = np.linspace(0, 1, 12).reshape(6, 2)
    figure = chart.scatter(places, POSITIONS, PEOPLE, answers, followed, ringed, texts, **more)
    go.Figure(figure.to_dict())  # it raises on a bad property
    return figure


def test_groups_differ_in_colour_and_in_symbol():
    women, men = drawn({"Male": LABELS}).data
    assert (women.name, men.name) == ("Women", "Men")
    assert women.marker.color != men.marker.color
    assert women.marker.symbol != men.marker.symbol
    assert list(men.customdata) == POSITIONS[LABELS].tolist()
    looks = chart.PEOPLE
    tints, symbols = (set(column) for column in zip(*looks, strict=True))
    assert len(tints) == len(symbols) == projections.FOLLOWED


def test_two_attributes_are_four_groups_that_differ_in_colour_and_in_symbol():
    glasses = np.array([True, False, True, False, False, True])
    figure = drawn({"Male": LABELS, "Eyeglasses": glasses})
    found = {trace.name: list(trace.customdata) for trace in figure.data}
    both = POSITIONS[LABELS & glasses].tolist()
    assert found["Men, people with glasses"] == both
    assert sum(map(len, found.values())) == len(POSITIONS)
    assert len(found) == len({tuple(t.marker[n] for n in ("color", "symbol")) for t in figure.data})
    looks = [*zip(*chart.BOTH.values(), strict=True)]
    assert [len(set(column)) for column in looks] == [4, 4]


def test_a_handful_of_people_is_coloured_and_the_rest_is_grey():
    rest, first, second = drawn({}, followed=[9, 4]).data
    assert rest.name == "everybody else"
    assert list(rest.customdata) == [15]
    assert (first.name, list(first.customdata)) == ("Person 9", [9, 12])
    assert second.marker.symbol != first.marker.symbol


def test_axes_do_not_depend_on_colours_and_selected_points_are_ringed():
    one, other = drawn({"Male": LABELS}), drawn({}, followed=[4], ringed=[3, 15, 999])
    assert one.layout.xaxis.range == other.layout.xaxis.range == (-0.04, 1.04)
    ring = other.data[-1]
    assert (ring.name, len(ring.x)) == ("selected", 2)
    assert one.layout.dragmode == "lasso"
    assert drawn({"Male": LABELS}, lasso=False).layout.dragmode is False


def test_the_file_holds_all_maps():
    frame = projections.coordinates(made(), PEOPLE, {"Male": LABELS, "Young": ~LABELS})
    places = ["tsne_x", "tsne_y", "umap_x", "umap_y", "pca_x", "pca_y"]
    assert list(frame) == ["photograph", "person", "has_Male", "has_Young", *places]
    assert frame["person"].tolist() == PEOPLE.tolist()
