from collections.abc import Iterator

import pytest

from tests.tiny_faces import small_presets


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        small_presets(patch)
        yield
