"""`checkpoints/<dataset>/numbers_only.json`: of this data set only numbers are here.

Photographs of people, and networks trained on them, may often not be passed on; what was measured
with them may. The run folders beside this file hold `run.json`, findings and aggregates, and no
`done`: nothing takes such a run for one whose networks are there.
"""

from pathlib import Path
from typing import NamedTuple

from core.errors import PenumbraError
from core.run import NAME as DATASET
from core.storage import files

NAME = "numbers_only.json"
LONGEST = 400  # characters of a text


class NumbersOnly(NamedTuple):
    """What is said of such a data set.

    title     what it is called here, and `whose` what people call the photographs
    made_of   which of them were used, as a sentence
    own_name  under which name a reader's own copy would be registered, and `source` its kind
    """

    title: str
    whose: str
    made_of: str
    own_name: str
    source: str


def declare(dataset_folder: Path, said: NumbersOnly) -> None:
    files.write_json(dataset_folder / NAME, said._asdict())


def is_declared(dataset_folder: Path) -> bool:
    return (dataset_folder / NAME).is_file()


def read(dataset_folder: Path) -> NumbersOnly:
    """What is said of a data set of which only numbers are here. Raises PenumbraError where the file
    is damaged."""
    path = dataset_folder / NAME
    found = files.read_json(path, "copy the file again")
    said = [found.get(field) for field in NumbersOnly._fields]
    texts = [text for text in said if isinstance(text, str) and 0 < len(text) <= LONGEST]
    # Names stand in commands that people copy, so that they must be names and nothing more.
    named = all(DATASET.fullmatch(str(found.get(field))) for field in ("own_name", "source"))
    if len(texts) < len(said) or not named:
        raise PenumbraError(f"{path} is damaged; copy the file again")
    return NumbersOnly(*texts)


def declared(root: Path) -> dict[str, NumbersOnly]:
    """Data set -> what is said of it, of all in a checkpoint folder of which only numbers are here;
    a damaged declaration says the data set's own name."""
    found = {}
    for path in sorted(root.glob(f"*/{NAME}")):
        name = path.parent.name
        try:
            found[name] = read(path.parent)
        except PenumbraError:
            found[name] = NumbersOnly(name, name, "", name, "folder")
    return found


def registering(said: NumbersOnly) -> str:
    """The command that registers a reader's own copy of the photographs."""
    return f"python -m core data add {said.own_name} --source {said.source} --path FOLDER"


def refuse(run_folder: Path) -> None:
    """Raise PenumbraError where a run is one of a data set of which only numbers are here: neither
    its networks nor its photographs are, and none may come to lie beside the numbers."""
    if not is_declared(run_folder.parent):
        return
    said = read(run_folder.parent)
    raise PenumbraError(
        f"{said.whose} ({run_folder.parent.name}) is here in numbers only, since its photographs, and "
        f"networks trained on them, may not be passed on; get {said.whose}, register it under "
        f"another name ({registering(said)}) and train with --dataset {said.own_name}"
    )
