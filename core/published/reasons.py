"""Why nothing of ours stands beside a published number, in sentences."""

from core.methods import METHODS
from core.published import METRICS, counterparts
from core.published.pairing import Pair

MISSING = {  # why a number is not there though it could be
    "method": "No run of {title} here.",
    "setting": "No run of {title} here that {asks}.",
    "reference": "No run of {reference} here to take it from, of the same tasks and measured alike.",
    "weak": "The attack on it is too weak to conclude.",
    "measure": "Not measured here: {name}.",
    "second": "Its attacker learns from a second data set, too: evaluate RUN --extra DATASET "
    "--attacks {attack} --protocol paper measures that, on the run of the row without.",
}


def why(pair: Pair) -> str:
    """Why nothing of ours stands beside a number, in a sentence; "" where something does."""
    if pair.missing in counterparts.REASONS:
        return counterparts.REASONS[pair.missing]
    row = pair.row
    parts = []
    for column, word in (("tasks", "serves"), ("private", "hides")):
        if row[column] and column not in counterparts.INDIFFERENT.get(row["method"], ()):
            parts.append(f"{word} {', '.join(row[column])}")
    entries = {**row["knobs"], **row["schedule"]}
    parts += [f"has {name} = {value:g}" for name, value in entries.items()]
    sentence = MISSING.get(pair.missing, "")
    if pair.missing == "setting" and not parts:
        sentence = "No run of {title} here with its paper's knobs."
    method, name = METHODS[row["method"]], METRICS[row["metric"]].name
    asked = counterparts.counterpart(row)
    minus = () if isinstance(asked, str) else (*asked.largest, asked)[0].minus
    reference = METHODS[minus[0].method].title if minus else method.title
    attack = "" if isinstance(asked, str) else asked.paper
    more = {"reference": reference, "asks": " and ".join(parts), "name": name, "attack": attack}
    return sentence.format(title=method.title, **more)
