"""Losses over the steps of a training."""

from app.training import losses


def test_losses_one_line_per_loss_and_stage():
    log = [
        {"stage": "task", "step": i, "steps": 3, "phase": "p", "seconds": i, "task": 1.0 / (i + 1)}
        for i in range(3)
    ]
    log += [
        {"stage": "adversarial", "step": 3, "steps": 9, "phase": "q", "task": 0.2, "attribute": 0.7}
    ]
    figure = losses.figure(log)
    assert [trace.name for trace in figure.data] == ["task", "task", "attribute"]
    assert [trace.showlegend for trace in figure.data] == [True, False, True]
    assert not losses.figure([]).data
    assert not losses.figure([{"step": 1, "task": float("nan")}]).data


def row(step, value, stage="task", **more):
    return {"stage": stage, "step": step, "steps": 5000, "phase": "p", "task": value} | more


def test_a_long_training_is_drawn_whole_by_means_of_neighbours():
    log = [row(step, float(step)) for step in range(0, 5000, 2)]
    (line,) = losses.figure(log, most=100).data
    assert len(line.x) == 100
    assert line.x[0] == line.y[0] == 24.0  # the mean of the first 25: 0, 2, … 48
    assert line.x[-1] == 4998 - 24
    (every,) = losses.figure(log).data
    assert len(every.x) == 2500


def test_what_a_curve_leaves_out_is_told():
    log = [{"stage": "adversary_one", "step": 0, "steps": 90, "shared": True}]
    log += [row(step, 1.0) for step in range(40, 90, 10)]
    said = losses.told(log)
    assert said.startswith("81 steps, 5 of them in the log.")
    assert said.endswith("in whose log its losses are: adversary one.")
    assert "mean" not in said
    assert "mean of neighbouring" in losses.told(log, most=4)
    assert [trace.name for trace in losses.figure(log).data] == ["task"]
