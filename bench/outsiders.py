"""Would a stranger with ordinary tools read more from a release than Penumbra's attackers?

    python -m bench.outsiders                     # the hidden attributes of all shipped settings
    python -m bench.outsiders RUN [RUN …]         # of some finished runs

Each outsider is a model of scikit-learn (and LightGBM's trees, where that is installed) with
ordinary settings, trained on the attacker's releases as they are and once
more with `COPIES` variations of each photograph beside it. The best on validation is scored on test
beside the worst case that the findings hold, in points of balanced accuracy.
"""

import argparse
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegressionCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from core import results
from core.attacks.attackers import WORST_CASE
from core.attacks.interface import AttackerView
from core.attacks.releases import released
from core.attacks.variation import again
from core.cli.options import folders
from core.data.held import joined
from core.evaluate import open_run, view_at
from core.evaluation.plan import release_values
from core.methods.declare import attributes_among
from core.metrics.attributes import BALANCED_ACCURACY, auc, balanced_accuracy, choose_threshold
from core.seeding import generator_for
from core.shipping import shipped

COPIES = 2
MOST_AXES = 200  # principal axes that an outsider keeps of a wide release


def outsiders() -> dict[str, Callable[[], Any]]:
    """Name -> a fresh classifier."""
    found: dict[str, Callable[[], Any]] = {
        "logistic regression": lambda: LogisticRegressionCV(max_iter=500, scoring="roc_auc"),
        "SVM": lambda: SVC(random_state=0),
        "neighbours": lambda: KNeighborsClassifier(31),
        "extra trees": lambda: ExtraTreesClassifier(300, random_state=0),
        "boosted trees": lambda: HistGradientBoostingClassifier(random_state=0),
        "MLP": lambda: MLPClassifier((256,), early_stopping=True, random_state=0),
    }
    if importlib.util.find_spec("lightgbm"):
        from lightgbm import LGBMClassifier  # type: ignore[import-not-found]

        found["LightGBM"] = lambda: LGBMClassifier(random_state=0, verbose=-1)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", metavar="RUN", help="ids of finished runs")
    asked = parser.parse_args().runs or [run.id for run in shipped.runs()]
    findings = results.findings()
    print("| run | release | attribute | worst case | best outsider | by | points more |")
    print("|---|---|---|---|---|---|---|")
    gaps = []
    for folder in folders(asked):
        for line, gap in compared(folder, findings[findings["run_id"] == folder.name]):
            print(line, flush=True)
            gaps.append(gap)
    if gaps:
        print(f"\n{len(gaps)} settings; at most {max(gaps):+.1f} points, mean {np.mean(gaps):+.1f}")


def compared(folder: Path, findings: pd.DataFrame) -> Iterator[tuple[str, float]]:
    """A line of the table, and by how many points the outsider is ahead, for each release value and
    hidden attribute of a run that was evaluated."""
    opened = open_run(folder, "cpu", progress=False)
    run = opened.run
    for value in release_values(run, None):
        view = None
        for name in attributes_among(run.private):
            ours = worst_case(findings, name, value)
            if ours is None:
                continue
            view = view or view_at(opened, value, recognisers=False)
            who, theirs = best(view, name)
            gap = 100 * (theirs - ours)
            at = "" if value is None else f"{value:g}"
            yield (
                f"| {run.id} | {at} | {name} | {ours:.3f} | {theirs:.3f} | {who} | {gap:+.1f} |",
                gap,
            )


def worst_case(table: pd.DataFrame, name: str, value: float | None) -> float | None:
    """The balanced accuracy of the strict worst case among a run's findings, None where nobody
    measured it."""
    mine = table[
        (table["attacker"] == WORST_CASE.name)
        & (table["protocol"] == "strict")
        & (table["target"] == f"attribute:{name}")
        & (table["metric"] == BALANCED_ACCURACY.name)
    ]
    mine = mine[mine["release_value"].isna() if value is None else mine["release_value"] == value]
    return None if mine.empty else float(mine["value"].iloc[0])


def best(view: AttackerView, name: str) -> tuple[str, float]:
    """(who, balanced accuracy on test) of the outsider with the highest AUC on validation."""
    column = view.attribute_names.index(name)
    truth = {split: labels[:, column] for split, labels in view.attributes.items()}
    generator = generator_for("outsiders")
    more = [
        released(view.release, again(view.x["attacker"], generator), seed) for seed in range(COPIES)
    ]
    known = joined([view.z["attacker"], *more]).cpu().flatten(1).numpy()
    once = len(known) // (1 + COPIES)
    labels = np.tile(truth["attacker"], 1 + COPIES)
    asked = {s: view.z[s].cpu().flatten(1).numpy() for s in ("validation", "test")}
    found = []
    for photographs, said in ((once, ""), (len(known), ", varied photographs")):
        steps: list[Any] = [StandardScaler()]
        if known.shape[1] > MOST_AXES:
            steps += [PCA(MOST_AXES, random_state=0), StandardScaler()]
        prepare = make_pipeline(*steps).fit(known[:photographs])
        features = {split: prepare.transform(z) for split, z in asked.items()}
        mine = prepare.transform(known[:photographs])
        for who, build in outsiders().items():
            fitted = build().fit(mine, labels[:photographs])
            scores = {split: _scores(fitted, z) for split, z in features.items()}
            limit = choose_threshold(truth["validation"], scores["validation"])
            right = balanced_accuracy(truth["test"], scores["test"] > limit)
            quality = auc(truth["validation"], scores["validation"])
            found.append((quality, f"{who}{said}", float(right)))
    _, who, right = max(found)
    return who, right


def _scores(fitted: Any, features: np.ndarray) -> np.ndarray:
    if hasattr(fitted, "decision_function"):
        return np.asarray(fitted.decision_function(features))
    return np.asarray(fitted.predict_proba(features)[:, 1])


if __name__ == "__main__":
    main()
