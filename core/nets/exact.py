"""A network's outputs in double precision: the same on every machine to far more digits than any
decision on them looks at."""

from itertools import chain

from torch import Tensor, nn
from torch.func import functional_call


def exactly(network: nn.Module, x: Tensor) -> Tensor:
    """float64 outputs of a network whose weights are float32; of one that is estimating its batch
    norm, as it is."""
    if any(module.training for module in network.modules()):
        return network(x.to(next(network.parameters()).dtype))
    held = chain(network.named_parameters(), network.named_buffers())
    state = {name: t.double() if t.is_floating_point() else t for name, t in held}
    found: Tensor = functional_call(network, state, (x.double(),))
    return found
