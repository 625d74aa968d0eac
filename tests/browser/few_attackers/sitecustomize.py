"""Python runs this first in every process of an app under test: its trainings are attacked by two
attackers, and explained without maps. All of them are tested without a browser. Where the app's home
holds a file `hold`, a training makes its first step and waits until it is asked to stop, or the
file is gone."""

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path

if "work" in sys.orig_argv:
    from core import train
    from core.attacks import ATTACKS
    from core.explain import EXPLANATIONS
    from core.storage.training_log import Log

    for name in set(ATTACKS) - {"logistic", "nearest_neighbour"}:
        del ATTACKS[name]
    for name in set(EXPLANATIONS) - {"noise"}:
        del EXPLANATIONS[name]

    hold = Path(os.environ["PENUMBRA_HOME"]) / "hold"
    if hold.exists():
        stop_signals, losses = train._stop_signals, Log.losses

        @contextmanager
        def waiting():
            with stop_signals() as asked_to_stop:

                def asked():
                    while hold.exists() and not asked_to_stop():
                        time.sleep(0.02)
                    return asked_to_stop()

                yield asked

        def shown(log, *arguments, **row):
            losses(log, *arguments, **row)
            log.flush()

        train._stop_signals, Log.losses = waiting, shown
