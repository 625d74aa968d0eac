"""The link that participants get."""

import pytest

from app.study.listing import link


@pytest.mark.parametrize(
    ("url", "base", "address", "here"),
    [
        ("http://localhost:8501/studies", "", "http://localhost:8501/?study=abc", True),
        ("http://127.0.0.1:8501/", "", "http://127.0.0.1:8501/?study=abc", True),
        ("http://[::1]:8501/", "", "http://[::1]:8501/?study=abc", True),
        ("https://faces.example.org/studies", "", "https://faces.example.org/?study=abc", False),
        (
            "https://example.org/tool/studies",
            "/tool/",
            "https://example.org/tool/?study=abc",
            False,
        ),
        (None, "", "/?study=abc", True),
    ],
)
def test_link(url, base, address, here):
    assert link("abc", url, base) == (address, here)
