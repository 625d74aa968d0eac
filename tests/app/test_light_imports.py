"""The app opens fast because it loads nothing heavy."""

import subprocess
import sys
from pathlib import Path

from tests.checkpoint_folders import populate

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "torchvision", "sklearn", "scipy", "umap", "numba")
PROBE = """
import sys
from streamlit.testing.v1 import AppTest
from app.main import PAGES
from core import data
from tests.tiny_faces import tiny_faces
data.load = lambda *arguments, **options: tiny_faces()  # decoding those of a data set takes seconds
app = AppTest.from_file("app/main.py", default_timeout=60).run()
assert not app.exception, app.exception
for page in PAGES:
    app.switch_page(f"../pages/{page.name}.py").run()
    assert not app.exception, app.exception
print([name for name in %r if name in sys.modules])
"""


def test_no_page_loads_torch_or_its_like(tmp_path):
    populate(tmp_path / "checkpoints")
    environment = {
        "PATH": "",
        "HOME": str(tmp_path),
        "PENUMBRA_CHECKPOINTS": str(tmp_path / "checkpoints"),
        "PENUMBRA_HOME": str(tmp_path / "home"),
        "PENUMBRA_OFFICERS": "anyone",
    }
    command = [sys.executable, "-c", PROBE % (HEAVY,)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().endswith("[]"), done.stdout
