"""Do the shipped runs read the same as with an earlier version: `python -m bench.unchanged REVISION`.

The code of that revision and today's print every finding of today's `checkpoints/`; ends with 1 and
the first line that differs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from itertools import zip_longest
from pathlib import Path

from core.run import ROOT


def findings(code: Path) -> list[str]:
    """Lines of `results --format csv`, printed by the code in a folder."""
    command = [sys.executable, "-m", "core", "results", "--format", "csv"]
    place = os.environ | {"PENUMBRA_CHECKPOINTS": str(ROOT / "checkpoints")}
    shown = subprocess.run(command, cwd=code, env=place, capture_output=True, text=True, check=True)
    return shown.stdout.splitlines()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("revision", help="a commit that git knows")
    revision = parser.parse_args().revision
    with tempfile.TemporaryDirectory() as folder:
        earlier = Path(folder, "earlier")
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(earlier), revision], check=True)
        try:
            before, now = findings(earlier), findings(ROOT)
        finally:
            subprocess.run([*git, "remove", "--force", str(earlier)], check=True)
    for number, (old, new) in enumerate(zip_longest(before, now), 1):
        if old != new:
            print(f"line {number}\n{revision}: {old}\nnow: {new}")
            return 1
    print(f"{len(now) - 1} findings, the same to the last digit")
    return 0


if __name__ == "__main__":
    sys.exit(main())
