import pytest

from core import results
from tests.checkpoint_folders import populate


@pytest.fixture(scope="session")
def findings(tmp_path_factory):
    root = tmp_path_factory.mktemp("checkpoints")
    populate(root)
    return results.findings(root)
