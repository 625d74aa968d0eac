"""Colours that the theme file cannot give to charts, for paper (light) and night (dark).

Exposure runs from teal (protected) through sand to brick (exposed). Method colours are declared by
the methods themselves, in `core.methods`.
"""

from __future__ import annotations

LIGHT = {
    "ink": "#1F2430",
    "quiet": "#5A606D",
    "line": "#E4E0D8",
    "ground": "#FBFAF7",
    "light": "#C8791B",
    "teal": "#1F7A7A",
    "sand": "#C9B37E",
    "brick": "#A34632",
}
DARK = {
    "ink": "#E8E6E1",
    "quiet": "#A3A7B2",
    "line": "#2B303D",
    "ground": "#12141B",
    "light": "#F0B35B",
    "teal": "#5FB3AC",
    "sand": "#DCC99A",
    "brick": "#D97B62",
}
DASHES = ("dot", "dash", "dashdot", "longdash", "longdashdot")
METHOD_SYMBOLS = ("circle", "star", "triangle-down", "hourglass", "bowtie", "hexagram")
SYMBOLS = ("square", "diamond", "triangle-up", "cross", "x", "pentagon", "star-triangle-down")


def colours(dark: bool) -> dict[str, str]:
    """Colour by role for a chart on the dark or the light ground."""
    return DARK if dark else LIGHT


def faded(colour: str, alpha: float) -> str:
    """`#RRGGBB` as a CSS colour of opacity `alpha` in [0, 1]."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"
