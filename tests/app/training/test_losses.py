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
