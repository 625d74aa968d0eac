"""The feature-level attack: from a release to what a face-verification network sees in the face,
which can be compared with any ordinary photograph of anybody."""

from core.attacks.declare import attack
from core.attacks.interface import AttackerView, Result
from core.torch_types import Generator


@attack(title="translator to a face recogniser's view", target="features")
def feature_map(view: AttackerView, generator: Generator) -> Result:
    """M of Xiao et al., Eq. 10: E ||M(z) - C(x)||^2 is minimised over the attacker's photographs,
    with C the data set's face-verification network (`core.attacks.identity.face_network`), whose
    features are unit vectors.

    M is the best on validation of a ridge regression, a dense network on the flattened release
    and, for maps, a convolutional one, each trained until the cosine on validation stops rising;
    where pictures of the photographs' own size are released, also of C itself. For each face
    network another M; rows of target `features`: `cosine_similarity` of M(z) and C(x), and, by
    M(z) of a probe and C of the gallery's photographs, `top1_accuracy` and those of
    `core.metrics.linking.score`. Empty result where there is no network, or fewer than two test
    people have two photographs.
    """
    from core.attacks.identity import gallery
    from core.attacks.identity.face_features import networks
    from core.attacks.identity.feature_regression import regressed

    asked = networks(view)
    if not asked:
        return Result()
    among = gallery.known(view, "test")
    if not len(among.pairs.same) or not len(view.z["validation"]):
        return Result()
    results = [regressed(view, generator, among, network) for network in asked]
    rows = [row for result in results for row in result.findings]
    return Result(rows, {name: a for result in results for name, a in result.arrays.items()})
