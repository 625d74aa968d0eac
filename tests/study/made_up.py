"""Answers in the columns of `core.study.analysis.results.answers`, made up, so that what is done with them can
be tested without a study."""

import numpy as np
import pandas as pd

from core.study.analysis.results import COLUMNS

SAME = {"attacker": "resrec", "dataset": "synthetic", "timed_out": False, "finished": True}
SAME |= {"server_milliseconds": 9000, "machine_picture_right": None}
SETTINGS = ("deep_obfuscator-0123456789", "dpfe-0123456789@0.5")


def answers(
    people=40, share=0.6, settings=SETTINGS, options=4, questions=10, faces=24, seed=0, **columns
):
    """`people` who each answer `questions` about other faces, an attention check among them, and are
    right in `share` of cases; every fifth fails the check. `columns` replace whole columns."""
    draw = np.random.default_rng(seed)
    rows = []
    for person in range(1, people + 1):
        shown = draw.permutation(faces)[:questions]
        for position, face in enumerate([-1, *shown]):
            check = face == -1
            hit = (person % 5 != 0) if check else draw.random() < share
            setting = settings[int(draw.integers(len(settings)))]
            choice = 0 if hit else int(draw.integers(1, options))
            run_id, _, value = setting.partition("@")
            item = 1000 if check else face + 100 * settings.index(setting)
            row = {"participant": person, "position": position, "setting": setting}
            row |= {"role": "attention" if check else "question", "item": item, "person": face}
            row |= {"run_id": run_id, "release_value": float(value or "nan"), "right": hit}
            row |= {"choice": choice, "place": int(draw.integers(options)), "options": options}
            row |= {"confidence": int(draw.integers(1, 6))}
            row |= {"milliseconds": int(draw.integers(800, 9000))}
            row |= {"answered": 1.79e9 + 60 * person + position, "passed": person % 5 != 0}
            rows.append(SAME | row | {"machine_release_right": face % 4 != 3})
    table = pd.DataFrame(rows)
    for name, values in columns.items():
        table[name] = values
    return table[[*COLUMNS]].astype({name: kind for name, (kind, *_) in COLUMNS.items()})
