"""Colours that the theme file cannot give to charts, for paper (light) and night (dark); those of
methods are declared with them. Exposure runs from teal (protected) through sand to brick
(exposed)."""

from core.methods import METHODS, UNPROTECTED

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
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("dot", "dash", "dashdot", "longdash", "longdashdot")
METHOD_SYMBOLS = (
    "circle",
    "star",
    "triangle-down",
    "hourglass",
    "bowtie",
    "hexagram",
    "triangle-left",
    "triangle-right",
    "hexagon",
    "octagon",
    "star-square",
    "star-diamond",
    "diamond-tall",
    "diamond-wide",
    "triangle-ne",
    "triangle-sw",
)
SYMBOLS = ("square", "diamond", "triangle-up", "cross", "x", "pentagon", "star-triangle-down")


def rgb(colour: str) -> tuple[int, int, int]:
    """`#RRGGBB` -> red, green, blue in 0…255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def faded(colour: str, alpha: float) -> str:
    """`#RRGGBB` as a CSS colour of opacity `alpha` in [0, 1]."""
    red, green, blue = rgb(colour)
    return f"rgba({red},{green},{blue},{alpha:g})"


def style(method: str) -> dict[str, str]:
    """Colour, dash and symbol of a method, the same everywhere: hardened variants have their
    method's symbol, hollow; baselines are grey; unprotected is a hollow ring."""
    entry = METHODS[method]
    if method == UNPROTECTED:
        dash, symbol = "solid", "circle-open"
    elif entry.baseline:
        place = [name for name in METHODS if METHODS[name].baseline and name != UNPROTECTED].index(
            method
        )
        dash, symbol = DASHES[place % len(DASHES)], SYMBOLS[place % len(SYMBOLS)]
    elif entry.hardens:
        dash, symbol = "longdash", style(entry.hardens)["symbol"] + "-open"
    else:
        papers = [n for n, e in METHODS.items() if not e.baseline and not e.hardens]
        dash, symbol = "solid", METHOD_SYMBOLS[papers.index(method) % len(METHOD_SYMBOLS)]
    return {"color": entry.color, "dash": dash, "symbol": symbol}
