"""How releases lie among each other: three flat maps of them, and how far people and attributes stand
apart in the releases themselves."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.faces import Faces
from core.data.order import canonical_order
from core.explain.subject import Subject
from core.metrics import intervals
from core.seeding import seed_of
from core.storage.explanations import Explanation
from core.torch_types import Generator

NAME = "embedding"
MAPS = ("tsne", "umap", "pca")
PHOTOGRAPHS = 560  # on a map: enough to see groups, few enough to point at one
MOST_OF_A_PERSON = 20  # in some data sets one person has hundreds
AXES = 50  # principal axes that t-SNE and UMAP start from where a release has more numbers
PERPLEXITY = 30  # t-SNE's and UMAP's own defaults for so many points
NEIGHBOURS = 15
# One seed for all settings, so that maps differ by what was released and by nothing else.
SEED = 0
FINEST = 65_535  # coordinates are kept as 16-bit whole numbers


def embedding_maps(subject: Subject, generator: Generator) -> Explanation:
    """Maps of the test photographs of `subset`, from their releases, flattened.

    Arrays: `positions` int32 (n,) of the photographs in canonical order, and for each of `MAPS`
    uint16 (n, 2), both axes on one scale (units mean nothing in t-SNE and UMAP). Facts: `apart`
    (see `apart`, of "identity" and of every attribute), `photographs`, `people`, `seed`, `numbers`
    in a release, `axes` that t-SNE and UMAP started from, `variance` (share on the two axes of
    "pca"). The generator is not used: see `SEED`.

    van der Maaten and Hinton, "Visualizing Data using t-SNE", JMLR 9, 2008; McInnes, Healy and
    Melville, "UMAP", arXiv 1802.03426.
    """
    view = subject.view
    positions = subset(subject.faces)
    positions = positions[positions < len(view.z["test"])]
    released = view.z["test"][positions].flatten(1).float().cpu().numpy()
    people = view.identities["test"][positions]
    labels = view.attributes["test"][positions]
    axes, variance = principal_axes(released)
    maps = {"tsne": _tsne(axes), "umap": _umap(axes), "pca": axes[:, :2]}
    facts = {
        "apart": apart(released, people, labels, view.attribute_names),
        "photographs": len(positions),
        "people": len(np.unique(people)),
        "seed": SEED,
        "numbers": released.shape[1],
        "axes": axes.shape[1],
        "variance": [round(float(share), 4) for share in variance[:2]],
    }
    quantised = {name: whole_numbers(places) for name, places in maps.items()}
    return {"positions": positions.astype(np.int32), **quantised}, facts


def subset(faces: Faces, count: int = PHOTOGRAPHS) -> NDArray[np.int64]:
    """Positions, in the canonical order of the test photographs, of about `count` of them: whole
    people as long as none has too many, those of whom there are several photographs first.

    Follows from the data set alone: every run shows the same photographs.
    """
    order = canonical_order(faces, faces.indices("test"))
    people = faces.identities[order]
    names, sizes = np.unique(people, return_counts=True)
    turn = np.random.default_rng(seed_of(f"{NAME}/{faces.fingerprint}", 8)).permutation(len(names))
    turn = turn[np.argsort(sizes[turn] < 2, kind="stable")]
    taken = np.cumsum(np.minimum(sizes[turn], MOST_OF_A_PERSON))
    chosen = names[turn[: max(1, int(np.searchsorted(taken, count, side="right")))]]
    places = [np.flatnonzero(people == name)[:MOST_OF_A_PERSON] for name in chosen]
    return np.sort(np.concatenate(places))


def apart(
    released: NDArray[np.float32],
    people: NDArray[np.int64],
    labels: NDArray[np.int8],
    names: tuple[str, ...],
) -> dict[str, dict[str, float]]:
    """How far groups stand apart in releases (n, D), by the distances between them: for "identity"
    and each attribute that has both answers a dict of

    silhouette  Rousseeuw's, in [-1, 1]: 1 are tight groups far apart, 0 groups that lie in each
                other
    purity      share of photographs whose nearest other one is of the same group; for an attribute
                the nearest one of *another person* (else it would repeat who is who), both answers
                counting the same
    low, high   its 95 % interval, people resampled; left out where there is none
    chance      the same for a neighbour drawn at random
    """
    from sklearn.metrics import pairwise_distances, silhouette_score  # type: ignore

    between = pairwise_distances(released.astype(np.float64))
    resampling = intervals.resample_identities(people)
    same_person = people[:, None] == people[None, :]

    def silhouette(groups: NDArray[Any]) -> float:
        return float(silhouette_score(between, groups, metric="precomputed"))

    found = {}
    if 1 < len(np.unique(people)) < len(people):
        nearest = _nearest(between, np.eye(len(people), dtype=bool))
        right = (people[nearest] == people).astype(float)
        chance = (same_person.sum(1) - 1) / (len(people) - 1)
        span = intervals.mean_interval(right, resampling)
        found["identity"] = _row(silhouette(people), right.mean(), span, chance.mean())
    if same_person.all():
        return found
    nearest = _nearest(between, same_person)
    for column, name in enumerate(names):
        truth = labels[:, column].astype(bool)
        if truth.all() or not truth.any():
            continue
        said = truth[nearest]
        right, others = said == truth, ~same_person
        alike = (others & (truth[:, None] == truth[None, :])).sum(1) / others.sum(1)
        drawn = intervals.resampled_balanced_accuracy(truth, said, resampling)
        found[name] = _row(
            silhouette(truth),
            (right[truth].mean() + right[~truth].mean()) / 2,
            intervals.percentile_interval(drawn),
            (alike[truth].mean() + alike[~truth].mean()) / 2,
        )
    return found


def _nearest(between: NDArray[np.float64], left_out: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The nearest photograph of each that is not `left_out`; among equally near ones any, since the
    order of photographs says nothing about them."""
    return np.where(left_out, np.inf, between).argmin(1)


def _row(
    silhouette: float, purity: float, span: tuple[float, float], chance: float
) -> dict[str, float]:
    row = {"silhouette": silhouette, "purity": float(purity), "low": span[0], "high": span[1]}
    row["chance"] = float(chance)
    return {name: round(value, 4) for name, value in row.items() if np.isfinite(value)}


def principal_axes(released: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """(n, at least 2 and at most AXES) coordinates on the principal axes of releases, and each
    axis's share of the variance; zeros where there is nothing to tell."""
    from sklearn.decomposition import PCA  # type: ignore[import-untyped]

    centred = released.astype(np.float64) - released.mean(0, dtype=np.float64)
    count = min(AXES, *released.shape)
    if not centred.any():
        return np.zeros((len(released), 2)), np.zeros(2)
    solver = "full" if min(released.shape) < 1000 else "randomized"
    fitted = PCA(count, svd_solver=solver, random_state=SEED).fit(centred)
    axes = np.pad(fitted.transform(centred), ((0, 0), (0, max(0, 2 - count))))
    return axes, np.pad(fitted.explained_variance_ratio_, (0, max(0, 2 - count)))


def _tsne(axes: NDArray[np.float64]) -> NDArray[np.float64]:
    from sklearn.manifold import TSNE  # type: ignore[import-untyped]
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    if not axes.any() or len(axes) < 4:
        return axes[:, :2]
    perplexity = min(PERPLEXITY, (len(axes) - 1) / 3)
    with threadpool_limits(1):  # sums in another order give another map
        tsne = TSNE(perplexity=perplexity, init="pca", random_state=SEED, n_jobs=1)
        return tsne.fit_transform(axes)


def _umap(axes: NDArray[np.float64]) -> NDArray[np.float64]:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
    from umap import UMAP  # type: ignore[import-untyped]

    if not axes.any() or len(axes) < 4:
        return axes[:, :2]
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few points, equal points: it says so, and goes on
        # its spectral start solves for eigenvectors, which fails where many releases are equal
        start = axes[:, :2] / max(1e-9, np.abs(axes[:, :2]).max()) * 10
        near = min(NEIGHBOURS, len(axes) - 1)
        umap = UMAP(n_neighbors=near, init=start, random_state=SEED, n_jobs=1)
        return umap.fit_transform(axes)


def whole_numbers(places: NDArray[np.float64]) -> NDArray[np.uint16]:
    """Coordinates (n, 2) as uint16, on one scale for both axes, each in the middle of its range."""
    low, high = places.min(0), places.max(0)
    extent = float((high - low).max())
    if not np.isfinite(places).all() or extent <= 0:
        return np.full(places.shape, FINEST // 2, np.uint16)
    centred = (places - (low + high) / 2) / extent + 0.5
    return np.rint(centred.clip(0, 1) * FINEST).astype(np.uint16)
