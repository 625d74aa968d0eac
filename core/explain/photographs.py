"""Where a network looks that sees the photographs themselves: kept once per data set and attribute.

Beside what every explanation has (`core.storage.explanations`), the network is kept, which looks at
reconstructions, too. Only that one needs torch to be read.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from core import results
from core.attacks.interface import AttackerView
from core.data.faces import Faces
from core.errors import PenumbraError
from core.explain import maps
from core.methods import METHODS
from core.run import checkpoints
from core.seeding import generator_for
from core.storage import dataset_folders, explanations, files, pictures, run_folder, whole_folders
from core.storage.explanations import Explanation

if TYPE_CHECKING:
    from torch import Tensor

    from core.explain.grad_cam import Chain

USUAL = "Male"  # who is averaged, and asked for where a run declares no private attribute
EACH = 150  # test photographs of each of its two groups that averages are taken over
MOST = 20_000  # photographs of each split that the network is trained and judged on


class Shared(NamedTuple):
    """What is known of the photographs and one attribute: the network that reads it, above which
    logit that means yes, the arrays of the folder."""

    chain: Chain
    threshold: float
    arrays: dict[str, NDArray[Any]]


def read(folder: Path, target: str) -> Explanation:
    """(arrays, facts) of the photographs that a run was trained on, for one attribute.

    Arrays: `positions` (n,) of the pictured faces among the test photographs, `originals_webp` and
    `originals_ends` of them (`core.storage.pictures`), `truth` uint8 (n,), `maps` uint8 (n, h, w),
    `said` uint8 (n,); `each` uint8 (m, h, w) of the test faces that averages are taken over,
    `groups` (g, h, w) averages, `means_webp` and `means_ends` of the mean faces.

    Facts: `target`, `groups` (names), `balanced_accuracy`, `low`, `high`, `n`, `people`, `thirds`,
    and how like these maps are to those of a second network trained from another start:
    `again_overlap`, `again_correlation`, means over faces.

    Raises PenumbraError, with the command that mends it, where it is missing or damaged.
    """
    again = f"run python -m core explain {folder.name} --only attention"
    fingerprint = run_folder.fingerprint(folder)
    if fingerprint is None:
        raise PenumbraError(f"{folder.name} does not say which photographs it was trained on")
    run = results.read_run(folder)
    size = METHODS[run.method].size(run.preset)
    shared = dataset_folders.explained(folder.parent, size, fingerprint, target)
    return _content(shared, target, again)


def _content(folder: Path, target: str, again: str) -> Explanation:
    arrays, facts = explanations.read(folder, f"{folder} is not finished", again)
    if facts.get("target") != target:
        raise PenumbraError(f"{folder} is about {facts.get('target')!r}; delete it and {again}")
    return arrays, facts


def photographs(faces: Faces, view: AttackerView, target: str) -> Shared:
    """What is known of the photographs and one attribute: read, or found out and kept."""
    size = (faces.height, faces.width)
    place = checkpoints() / faces.dataset
    folder = dataset_folders.explained(place, size, faces.fingerprint, target)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # A second process waits here and then finds the work done.
    with FileLock(folder.parent / f".{folder.name}.lock"):
        if not whole_folders.is_done(folder):
            _find_out(folder, view, target)
    chain, threshold = _network(folder, faces, view)
    return Shared(chain, threshold, _content(folder, target, "explain the run again")[0])


def seen(shared: Shared, x: Tensor) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Decisions (n,) about pictures x uint8 (n, 3, H, W), and maps (n, h, w) of where they lie."""
    from core.explain import grad_cam

    said = grad_cam.logits(shared.chain, x, 1, 0)[:, 0] > shared.threshold
    layer = shared.chain.network.features[-1]  # type: ignore[union-attr, index]
    return said, grad_cam.evidence(shared.chain, layer, x, 0, said, 1, 0)  # type: ignore[arg-type]


def _find_out(folder: Path, view: AttackerView, target: str) -> None:
    import torch

    from core.attacks.controls import identity_release
    from core.explain import grad_cam, reader

    rows, groups = averaged(view, [target])
    shown = list(view.pictured)
    x = view.x["test"][torch.as_tensor([*shown, *rows], device=view.device)]
    clear = _as_releases(view)
    every: list[NDArray[np.float32]] = []
    for start in ("again", "first"):  # the first is what is kept, and what `chain` is below
        reading = reader.learned(clear, [target], generator_for(f"photographs/{start}/{target}"))
        network = reading.network
        tensors = files.halved(dict(network.state_dict()))
        network.load_state_dict({name: t.float() for name, t in tensors.items()})
        chain = grad_cam.Chain(identity_release, reading.scaler, network)
        threshold = float(reading.thresholds[0])
        said = grad_cam.logits(chain, x, 1, 0)[:, 0] > threshold
        assert reading.looked_at is not None
        every.append(grad_cam.evidence(chain, reading.looked_at, x, 0, said, 1, 0))
    other, mine = (found[len(shown) :] for found in every)
    arrays = {
        **faces_of(view, target, rows, groups),
        "maps": maps.packed(every[1][: len(shown)]),
        "said": said[: len(shown)].astype(np.uint8),
        "each": maps.packed(mine),
        "groups": maps.averages(mine, groups.values()),
    }
    facts = {
        "target": target,
        "groups": list(groups),
        **reader.score(clear, target, reading.test[:, 0], threshold),
        "thirds": maps.third_shares(mine),
        "again_overlap": round(float(maps.overlap(mine, other).mean()), 4),
        "again_correlation": round(float(maps.correlation(mine, other).mean()), 4),
    }
    scaler = reading.scaler
    tensors |= {"mean": scaler.mean, "scale": scaler.scale}  # type: ignore[attr-defined]
    tensors |= {"threshold": torch.tensor([threshold], dtype=torch.float64)}
    explanations.save(folder, arrays, facts, tensors)


def faces_of(
    view: AttackerView, target: str, rows: NDArray[np.int64], groups: dict[str, NDArray[np.int64]]
) -> dict[str, NDArray[Any]]:
    """The pictured faces with their places and true answers, and the mean face of each group."""
    x = view.x["test"].cpu().permute(0, 2, 3, 1).numpy()
    truth = view.attributes["test"][:, view.attribute_names.index(target)]
    mean = [x[rows[group]].mean(0, dtype=np.float64).round() for group in groups.values()]
    return {
        "positions": places(view),
        "truth": truth[view.pictured].astype(np.uint8),
        **pictures.packed("originals", x[view.pictured]),
        **pictures.packed("means", np.stack(mean).astype(np.uint8)),
    }


def _network(folder: Path, faces: Faces, view: AttackerView) -> tuple[Chain, float]:
    """The network of a folder that is there, on the device."""
    from core.attacks.controls import identity_release
    from core.attacks.features import MapScaler
    from core.explain.grad_cam import Chain
    from core.explain.reader import MapReader

    path = explanations.weights_file(folder)
    tensors = files.load_tensors(path)
    network = MapReader((4, faces.height, faces.width), 1)
    try:
        scaler = MapScaler(*(tensors.pop(name).to(view.device) for name in ("mean", "scale")))
        threshold = float(tensors.pop("threshold")[0])
    except (KeyError, IndexError) as error:
        raise PenumbraError(
            f"{path} is damaged (no {error}); delete its folder and explain again"
        ) from None
    named = {f"reader/{name}": tensor for name, tensor in tensors.items()}
    files.fill_networks({"reader": network}, named, path)
    network.to(view.device)
    return Chain(identity_release, scaler, network), threshold


def _as_releases(view: AttackerView) -> AttackerView:
    """The first `MOST` photographs of each split as if they were released as they are."""
    from core.attacks.controls import identity_release

    x = {split: photographs[:MOST] for split, photographs in view.x.items()}
    return dataclasses.replace(
        view,
        release=identity_release,
        x=dict(x),
        z={split: photographs.float() / 255 for split, photographs in x.items()},
        attributes={split: values[:MOST] for split, values in view.attributes.items()},
        identities={split: values[:MOST] for split, values in view.identities.items()},
    )


def averaged(
    view: AttackerView, names: list[str]
) -> tuple[NDArray[np.int64], dict[str, NDArray[np.int64]]]:
    """(test rows, group -> positions among them): the first `EACH` with and without `USUAL` (or the
    data set's first attribute), the groups "all", "<name>=0" and "<name>=1" of it and of `names`.
    The rows are the same for all runs of a data set."""
    attributes = view.attributes["test"]
    by = USUAL if USUAL in view.attribute_names else view.attribute_names[0]
    column = attributes[:, view.attribute_names.index(by)]
    rows = np.sort(np.concatenate([np.flatnonzero(column == v)[:EACH] for v in (0, 1)]))
    groups = {"all": np.arange(len(rows))}
    for name in dict.fromkeys((by, *names)):
        values = attributes[rows, view.attribute_names.index(name)]
        for value in (0, 1):
            if (values == value).any():
                groups[f"{name}={value}"] = np.flatnonzero(values == value)
    return rows, groups


def places(view: AttackerView) -> NDArray[np.int32]:
    """Of the pictured faces (n,): their places among the data set's test photographs."""
    known = view.places.get("test", np.arange(len(view.z["test"])))
    return known[view.pictured].astype(np.int32)
