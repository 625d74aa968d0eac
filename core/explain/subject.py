"""What an explanation is given."""

from pathlib import Path
from typing import NamedTuple

from core.attacks.interface import AttackerView
from core.data.faces import Faces
from core.methods import Model
from core.run import Run


class Subject(NamedTuple):
    """What is to be explained: one run at one value of its release-time knob.

    folder   of the run
    run      its description
    value    of the release-time knob, None for a method without one
    faces    the photographs, as they lie in the data set
    model    frozen, its networks on `view.device`; this process's own, so hooks may hang on it
    view     every photograph with its release, as attackers get it; `face_features` is None
    """

    folder: Path
    run: Run
    value: float | None
    faces: Faces
    model: Model
    view: AttackerView
