"""What a study shows: reconstructions of test people, and the photographs to choose from.

Every picture leaves here as a PNG without compression and without metadata: all of a study are of one
size, in pixels and in bytes, whatever they show.
"""

import functools
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from core import data, results
from core.attacks.attackers import shown_under
from core.data import Faces
from core.errors import PenumbraError
from core.methods import METHODS, UNPROTECTED
from core.own_photograph import redraw
from core.run import NAME, RUN_ID, Run, checkpoints
from core.seeding import seed_of
from core.storage import array_file, numbers_only, run_folder
from core.storage.attack_folders import finished
from core.storage.pictures import kept_pictures
from core.study import design as designs
from core.study.material import people
from core.study.material.people import Trial
from core.torch_types import Generator, Tensor

PHOTOGRAPH = "photograph"  # in place of a run where there is none of that method
SOFTENED = 0.7  # radius in pixels, for 64 pixels, of the blur that a photograph is shown with then
PICTURES = 200  # random stream: in which order pictures lie
Progress = Callable[[int, int], None]


class Opened(NamedTuple):
    """A setting whose run is there."""

    setting: Mapping[str, Any]
    run: Run
    folder: Path
    height: int
    width: int
    kept: bool  # the attacker's network, which can reconstruct any photograph


def possible(setting: Mapping[str, Any]) -> dict[str, Any]:
    """What a setting's run offers a study, quickly and without torch: {"people": how many test
    people could be asked about, "attackers": {name: people that it has reconstructed, or can},
    "other_photographs": whether the right option can be another photograph, "people_other": of how
    many people}; all but `attackers` about the setting's attacker, or the best without one.

    Where the data set is not packed at this size yet, second photographs are counted over all
    people. Raises PenumbraError where the run is missing, unfinished, damaged, or of another version
    of the data set.
    """
    opened = _opened(setting)
    attackers, others = {}, {}  # name -> people, and those of them with two photographs
    if data.is_packed(opened.run.dataset, opened.height, opened.width):
        faces = _faces(opened)
        shown = people.photographs(faces, faces.indices("test"))
        several = {person for person, rows in shown.items() if len(rows) > 1}
        for name, positions in _reconstructions(opened).items():
            rows = faces.indices("test") if positions is None else _stored_rows(faces, positions)
            drawn = set(faces.identities[rows].tolist())
            attackers[name], others[name] = len(drawn), len(drawn & several)
    else:  # stored pictures show different people while there are enough
        counts = data.describe(opened.run.dataset)["splits"]["test"]
        most, twice = counts["identities"], counts["images"] > counts["identities"]
        for name, positions in _reconstructions(opened).items():
            attackers[name] = most if positions is None else min(len(positions), most)
            others[name] = attackers[name] if twice else 0
    name = setting.get("attacker") or max(attackers, key=lambda n: attackers[n], default="")
    return {
        "people": attackers.get(name, 0),
        "attackers": attackers,
        "other_photographs": others.get(name, 0) >= designs.COUNTS["people"][0],
        "people_other": others.get(name, 0),
    }


def build(design: Mapping[str, Any], seed: int, progress: Progress | None = None) -> dict[str, Any]:
    """The pictures and items of a study, all of it following from a checked design and a seed.

    {"pictures": PNG files, equally long, "items": [{"role", "setting", "dataset", "run_id",
    "release_value", "attacker", "person", "redrawn": index into pictures, "options": indices, the
    right one first, "machine_release", "machine_picture": index into options or None, "ms_ssim" of
    the reconstruction or None}]}. The order of the pictures is by lot.

    Practice and attention questions show a reconstruction from unprotected features or, where
    there is none, the photograph itself, softened; then run_id, setting and attacker are
    `PHOTOGRAPH`. `progress(done, wanted)` is called before the first setting and after each. Raises
    PenumbraError where a run or attacker is not there, settings are of different data or sizes, or
    people do not suffice (`core.study.material.people.trials`).
    """
    tell = progress or (lambda done, wanted: None)
    settings = [_opened(setting) for setting in design["settings"]]
    first = settings[0]
    for other in settings:
        size = (other.height, other.width)
        if other.run.dataset != first.run.dataset or size != (first.height, first.width):
            raise PenumbraError(
                f"{first.run.id} sees {first.run.dataset} at {first.width} x {first.height} pixels, "
                f"{other.run.id} {other.run.dataset} at {other.width} x {other.height}: choose "
                "settings of one data set and size, so that all show the same photographs"
            )
    faces = _faces(first)
    for opened in settings:
        _check_version(opened, faces)
    stored = [_stored(opened, faces)["rows"] for opened in settings if not opened.kept]
    among = functools.reduce(np.intersect1d, stored, stored[0]) if stored else None
    trials = people.trials(faces, design, seed, among)
    questions, rest = trials[: design["people"]], trials[design["people"] :]
    wanted = len(settings) + 1
    tell(0, wanted)
    asked: list[dict[str, Any]] = []
    for done, opened in enumerate(settings, 1):
        asked += _asked(opened, faces, questions, seed)
        tell(done, wanted)
    unprotected = _unprotected(first, faces)
    asked += _asked(unprotected, faces, rest, seed) if unprotected else _photographs(faces, rest)
    tell(wanted, wanted)
    return _filed(faces, asked, seed)


def png(picture: NDArray[np.uint8]) -> bytes:
    """A picture uint8 (H, W, 3) as uncompressed PNG, as long as any other of its size."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", compress_level=0)
    return file.getvalue()


def _opened(setting: Mapping[str, Any]) -> Opened:
    """Raises PenumbraError where the setting's run is missing, unfinished or damaged."""
    dataset, run_id = setting["dataset"], setting["run_id"]
    if not NAME.fullmatch(dataset) or not RUN_ID.fullmatch(run_id):
        raise PenumbraError(f"{dataset[:60]}/{run_id[:60]} is no run: choose the settings again")
    folder = checkpoints() / dataset / run_id
    if not folder.is_dir():
        raise PenumbraError(
            f"{dataset}/{run_id} is not among the runs here: choose another setting, or copy the "
            "run into the checkpoint folder"
        )
    run = results.read_run(folder)
    numbers_only.refuse(folder)
    if (found := run_folder.state(folder)) != "finished":
        raise PenumbraError(
            f"{run_id} is {'still in training' if found == 'training' else found}: choose another "
            "setting, or train it to its end"
        )
    value = setting["release_value"]
    kept = setting.get("attacker") == redraw.ATTACKER and redraw.kept(folder, value)
    return Opened(setting, run, folder, *METHODS[run.method].size(run.preset), kept)


def _faces(opened: Opened) -> Faces:
    faces = data.load(opened.run.dataset, opened.height, opened.width, progress=False)
    _check_version(opened, faces)
    return faces


def _check_version(opened: Opened, faces: Faces) -> None:
    """With other photographs, people whom the networks were trained on might be asked about."""
    if run_folder.fingerprint(opened.folder) != faces.fingerprint:
        raise PenumbraError(
            f"{opened.run.id} was trained on another version of {faces.dataset}; choose another "
            "setting, or train it again"
        )


def _reconstructions(opened: Opened) -> dict[str, NDArray[np.int64] | None]:
    """Attacker -> positions among the test photographs of the reconstructions that were kept; None
    for one that can reconstruct any."""
    value = opened.setting["release_value"]
    found: dict[str, NDArray[np.int64] | None] = {}
    done = finished(opened.folder, "paper", value)
    # What the decoder of the training drew shows the photographs that the strict attackers' show.
    places = {name: place for name, place in done.items() if shown_under(name) == "paper"}
    for name, place in (finished(opened.folder, "strict", value) | places).items():
        if not designs.ATTACKER.fullmatch(name):
            continue  # it was given a second data set, too: no setting of a study names one
        if name == redraw.ATTACKER and redraw.kept(opened.folder, value):
            found[name] = None
        elif array_file.exist(place):
            arrays = array_file.read(place)
            if "reconstructions_webp" in arrays and "positions" in arrays:
                found[name] = arrays["positions"]
    return found


def _stored_rows(faces: Faces, positions: NDArray[Any]) -> NDArray[np.int64]:
    """Rows of the test photographs at `positions`, which come from a file."""
    test = faces.indices("test")
    whole = positions.ndim == 1 and positions.dtype.kind in "iu"
    if not whole or not ((positions >= 0) & (positions < len(test))).all():
        raise PenumbraError(
            "the redrawn faces that were kept are of photographs that the data set does not have; "
            "evaluate the run again"
        )
    return test[positions]


def _stored(opened: Opened, faces: Faces) -> dict[str, NDArray[Any]]:
    """What an attacker without weights has left: `rows`, `reconstructions` uint8 (n, H, W, 3) and
    `ms_ssim`."""
    name, value = opened.setting["attacker"], opened.setting["release_value"]
    others = _reconstructions(opened)
    if others.get(name) is None:
        at = "" if value is None else f" at release value {value:g}"
        able = f"choose one of {', '.join(sorted(others))}" if others else "evaluate the run again"
        raise PenumbraError(f"{opened.run.id}: {name} has redrawn no faces{at}; {able}")
    found = kept_pictures(opened.folder, name, value, shown_under(name))
    rows, drawn = _stored_rows(faces, found["positions"]), found["reconstructions"]
    size = (len(rows), faces.height, faces.width, 3)
    if drawn.shape != size or len(found.get("ms_ssim", ())) != len(rows):
        raise PenumbraError(
            f"{opened.run.id}: what {name} redrew is damaged; delete that attack's folder and "
            "evaluate again"
        )
    return {"rows": rows, "reconstructions": drawn, "ms_ssim": found["ms_ssim"]}


def _unprotected(like: Opened, faces: Faces) -> Opened | None:
    """The setting that shows unprotected faces of the same photographs, the first by name; None
    where no such run has kept its attacker's weights."""
    for folder in run_folder.all_folders():
        if folder.parent.name != like.run.dataset or not folder.name.startswith(f"{UNPROTECTED}-"):
            continue
        setting = {"dataset": like.run.dataset, "run_id": folder.name, "release_value": None}
        try:
            opened = _opened(setting | {"attacker": redraw.ATTACKER})
            _check_version(opened, faces)
        except PenumbraError:
            continue  # damaged, unfinished or of other photographs: it cannot serve
        if opened.kept and (opened.height, opened.width) == (like.height, like.width):
            return opened
    return None


def _asked(
    opened: Opened, faces: Faces, trials: Sequence[Trial], seed: int
) -> list[dict[str, Any]]:
    """One item per trial at a setting, with the reconstruction itself (uint8 (H, W, 3)) and the
    options' rows where `build` gives numbers of pictures."""
    from core import device as devices
    from core import train
    from core.attacks.releases import photographs, released
    from core.study.material import machine

    value, device = opened.setting["release_value"], devices.choose()
    rows = np.array([trial.photograph for trial in trials])
    options = np.array([trial.options for trial in trials])
    # an attacker's name is no part of it: two attackers of a setting get the same releases
    purpose = f"study/{seed}/{designs.setting_key(opened.setting)}"
    restored = redraw.restore(opened.folder, value, device.type) if opened.kept else None
    model = restored.model if restored else train.load(opened.folder, device)[2]

    def release(x: Tensor, generator: Generator) -> Tensor:
        return model.release(x, generator, value)

    truth = photographs(faces, rows, device)
    releases = released(release, truth, seed_of(purpose))
    if restored:
        found: Mapping[str, NDArray[Any]] = redraw.from_releases(restored, releases, truth)
        places = np.arange(len(rows))
    else:
        found = _stored(opened, faces)
        places = np.array([np.flatnonzero(found["rows"] == row)[0] for row in rows])
    pictures = found["reconstructions"][places]
    by_release = machine.by_release(release, faces, releases, options, purpose)
    by_picture = machine.by_picture(faces, pictures, options, purpose, device)
    alike = found["ms_ssim"][places].tolist()
    return [
        _item(trial, opened.setting, *measured)
        for trial, *measured in zip(trials, pictures, by_release, by_picture, alike, strict=True)
    ]


def _photographs(faces: Faces, trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """As `_asked`, of the photographs themselves; softened, since the right option's file must not be
    the same one."""
    setting: dict[str, Any] = {"dataset": faces.dataset, "release_value": None}
    setting |= dict.fromkeys(("run_id", "attacker"), PHOTOGRAPH)
    blur = ImageFilter.GaussianBlur(SOFTENED * min(faces.height, faces.width) / 64)
    softened = (Image.fromarray(faces.images[t.photograph]).filter(blur) for t in trials)
    return [
        _item(trial, setting, np.asarray(face))
        for trial, face in zip(trials, softened, strict=True)
    ]


def _item(
    trial: Trial,
    setting: Mapping[str, Any],
    face: NDArray[np.uint8],
    machine_release: int | None = None,
    machine_picture: int | None = None,
    ms_ssim: float | None = None,
) -> dict[str, Any]:
    return {
        "role": trial.role,
        "setting": designs.setting_key(setting),
        **{name: setting[name] for name in ("dataset", "run_id", "release_value", "attacker")},
        "person": trial.person,
        "redrawn": face,
        "options": trial.options,
        "machine_release": machine_release,
        "machine_picture": machine_picture,
        "ms_ssim": ms_ssim,
    }


def _filed(faces: Faces, asked: Sequence[Mapping[str, Any]], seed: int) -> dict[str, Any]:
    """What `build` gives; the pictures' order is by lot, so that no number tells what one is."""
    rows = sorted({row for item in asked for row in item["options"]})
    shown = [*(item["redrawn"] for item in asked), *(np.asarray(faces.images[row]) for row in rows)]
    order = np.random.default_rng([seed, PICTURES]).permutation(len(shown))
    number = np.argsort(order).tolist()  # of each picture of `shown`
    of_row = dict(zip(rows, number[len(asked) :], strict=True))
    items = [
        {**item, "redrawn": redrawn, "options": [of_row[row] for row in item["options"]]}
        for item, redrawn in zip(asked, number[: len(asked)], strict=True)
    ]
    return {"pictures": [png(shown[i]) for i in order], "items": items}
