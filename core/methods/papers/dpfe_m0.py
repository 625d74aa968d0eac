"""The attribute network M0 that DPFE starts from (Osia et al., Procedure 1), released undivided."""

from dataclasses import replace
from typing import Any

from core.methods.declare import Method, Model, columns
from core.methods.papers.dpfe import (
    CUT,
    DPFE_SIMPLE,
    LAYERS,
    PRESETS,
    attribute_network,
    pretraining,
    through,
)
from core.run import Run

ENTRIES = ("batch_size", "cut", "pretrain_epochs", "pretrain_learning_rate")


def build(run: Run, settings: dict[str, Any], attributes: tuple[str, ...]) -> Model:
    """The attribute network M0 that Procedure 1 starts from, cut: its feature map is released."""
    from core.nets import darknet

    schedule, widths = settings["schedule"], settings["widths"]
    cut, tasks = int(schedule["cut"]), columns(attributes, run.tasks)
    networks = attribute_network(run, widths, len(attributes))
    shape = darknet.cut_shape(cut, widths, settings["height"], settings["width"])
    return Model(
        networks=networks,
        stages=(pretraining(run, schedule, widths, networks),),
        release=lambda x, generator, value: through(networks, LAYERS[: cut + 1], x).flatten(1),
        own_head=lambda z: through(networks, LAYERS[cut + 1 :], z.reshape(-1, *shape))[:, tasks],
        released_map=shape,
    )


# What Procedure 1 starts from, cut where DPFE is; its preset's other entries would change nothing.
DPFE_M0: Method = replace(
    DPFE_SIMPLE,
    name="dpfe_m0",
    title="Attribute network, cut (M0)",
    summary=(
        "The feature map of a network that reads all attributes leaves the device as it is: what "
        "DPFE starts from."
    ),
    citation="Osia et al., DPFE, Procedure 1, M0",
    knobs=(),
    presets={
        name: preset | {"schedule": {entry: preset["schedule"][entry] for entry in ENTRIES}}
        for name, preset in PRESETS.items()
    },
    build=build,
    release_kind="map",
    noisy=False,
    choices=(CUT,),
)

METHODS = (DPFE_M0,)
