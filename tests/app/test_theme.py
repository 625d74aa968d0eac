"""The theme file holds the colours of the look, and enough contrast to read."""

import re
import tomllib
from pathlib import Path

import pytest

from app.charts.palette import DARK, LIGHT, faded
from core.methods import METHODS

THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())[
    "theme"
]
PLANNED = {
    "light": ("#FBFAF7", "#14171F", "#E4E0D8", "#9A5B12"),
    "dark": ("#12141B", "#E8E6E1", "#2B303D", "#C3761B"),
}


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_planned_colours(ground):
    theme = THEME[ground]
    names = ("backgroundColor", "textColor", "borderColor", "primaryColor")
    assert tuple(theme[name] for name in names) == PLANNED[ground]


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_text_can_be_read(ground):
    theme = THEME[ground]
    assert contrast(theme["textColor"], theme["backgroundColor"]) >= 7
    for name, colour in theme.items():
        if name.endswith("TextColor") or name == "linkColor":
            assert contrast(colour, theme["backgroundColor"]) >= 4.5, name


@pytest.mark.parametrize(("palette", "ground"), [(LIGHT, "light"), (DARK, "dark")])
def test_chart_colours_can_be_seen(palette, ground):
    for name in ("ink", "quiet", "teal", "brick", "light"):
        assert contrast(palette[name], THEME[ground]["backgroundColor"]) >= 3, name


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_methods_can_be_seen_on_both_grounds(ground):
    for method in METHODS.values():
        assert re.fullmatch("#[0-9A-Fa-f]{6}", method.color)
        assert contrast(method.color, THEME[ground]["backgroundColor"]) >= 2.2, method.name


def test_nothing_comes_from_elsewhere():
    assert "http" not in (Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text()


def test_faded():
    assert faded("#0072B2", 0.5) == "rgba(0,114,178,0.5)"


def test_the_theme_is_found_from_any_working_directory():
    # Streamlit looks in the working directory and beside the main script
    beside = Path(__file__).parents[2] / "app" / ".streamlit" / "config.toml"
    assert tomllib.loads(beside.read_text())["theme"] == THEME


def mixed(colour, ground, share):
    parts = [
        round(int(colour[i : i + 2], 16) * share + int(ground[i : i + 2], 16) * (1 - share))
        for i in (1, 3, 5)
    ]
    return "#{:02X}{:02X}{:02X}".format(*parts)


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_what_streamlit_mixes_from_the_theme_can_be_read(ground):
    theme = THEME[ground]
    paper, accent = theme["backgroundColor"], theme["primaryColor"]
    assert contrast(mixed(theme["textColor"], paper, 0.6), paper) >= 4.5  # captions
    assert contrast(accent, mixed(accent, paper, 0.1)) >= 4.5  # what is chosen of several
    # white on buttons and tags; see the theme file for the night
    assert contrast("#FFFFFF", accent) >= (4.5 if ground == "light" else 3.4)
