"""How methods look on charts."""

from app.charts.palette import style
from core.methods import METHODS


def test_one_colour_per_method_and_a_dash_or_symbol_of_its_own():
    looks = {name: style(name) for name in METHODS}
    assert all(look["color"] == METHODS[name].color for name, look in looks.items())
    told_apart = [(look["dash"], look["symbol"]) for look in looks.values()]
    assert len(set(told_apart)) == len(told_apart)
    ours = [METHODS[name].color for name in METHODS if not METHODS[name].baseline]
    assert len(set(ours)) == len(ours)
    assert looks["original"]["symbol"] == "circle-open"
    for name, method in METHODS.items():
        if method.hardens:
            assert looks[name]["symbol"] == f"{looks[method.hardens]['symbol']}-open"
