"""The method's own adversary, trained again from nothing: nobody can say that the fresh attacker is
only another network."""

from core.attacks.declare import attack
from core.attacks.interface import AttackerView, Result
from core.torch_types import Generator


@attack(
    title="the method's own attacker, trained afresh", target="attribute", made_of=("cnn", "mlp")
)
def retrained_adversary(view: AttackerView, generator: Generator) -> Result:
    """The very architecture of the adversary classifier inside the training, at the learning rate it
    had there, on the attacker's releases until the mean AUC of the private attributes on validation
    stops rising. Empty result where the method trains none, or nothing is private."""
    from core.attacks.attributes import classifiers, scoring
    from core.attacks.interface import attribute_result
    from core.methods.declare import attributes_among

    own, private = view.own.get("adversary"), attributes_among(view.private)
    if own is None or not private:
        return Result()
    columns = [view.attribute_names.index(name) for name in private]
    labels = scoring.labels_of(view, "attacker", columns)
    data = {part: view.z[split] for part, split in scoring.PARTS.items()}
    chosen = scoring.Candidates(labels)
    rate = own.learning_rate
    weighted = not view.plain
    classifiers.fit_network(
        own.build, data, chosen, generator, learning_rate=rate, weighted=weighted
    )
    scores = {
        name: {"validation": chosen.validation[:, place], "test": chosen.test[:, place]}
        for place, name in enumerate(private)
    }
    people = view.identities["test"]
    return attribute_result(
        "retrained_adversary", scores, view.truth, people, view.role, view.threshold
    )
