"""Pictures of every page for the README, light and dark, on a desktop and on a phone, from the shipped runs
on the synthetic faces. The study in them is a rehearsal: its participants are made up, and the page says so.

    python -m bench.app.screenshots            writes docs/screenshots/<page>-<ground>-<width>.webp
    python -m bench.app.screenshots leaks      of some pages only
"""

import io
import itertools
import os
import re
import sys
import tempfile
from typing import Any

from PIL import Image

from app.main import PAGES
from bench.app import DECODED, launched, running, settled
from core.run import ROOT

PLACE = ROOT / "docs" / "screenshots"
LOOKED_AT = {  # page -> at what, where that is not what it opens with
    "trade_off": "?method=dpfe&attack_limit=65&cost_limit=10",
    "reconstructions": "?method=adversarial_reconstruction",
    "embeddings": "?method=dpfe",
    "leaks": "?method=dpfe",
    "noise": "?method=dpfe&dpfe.noise_ratio=0.1",
    "proof": "?method=certified_code",
    "compare": "?method=dpfe",
    "report": "?method=dpfe_hardened&attack_limit=65",
    "study_results": "?answers_of=simulated",
}
NAMES = [*(page.name for page in PAGES), "take_part"]
PARTICIPANTS, SKILL = 60, (0.75, 0.7, 0.6, 0.5, 0.4, 0.3)  # of the rehearsal, along λ₁
AGREE = re.compile("^I agree")
DRAWN = "() => !document.querySelector('[data-testid=stMain] [data-testid=stSkeleton]')"
STUDIES = {"studies", "study_results", "take_part"}
FONTS = "() => document.fonts.status === 'loaded'"
SIZES = {  # CSS pixels
    "desktop": {"width": 1360, "height": 950},
    "phone": {"width": 390, "height": 844},
}
QUALITY = 80


def main() -> None:
    from playwright.sync_api import sync_playwright

    wanted = [name for name in NAMES if name in sys.argv[1:]] or NAMES
    PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        os.environ["PENUMBRA_DATABASE"] = f"sqlite:///{place}/studies.sqlite"
        study = rehearsed() if STUDIES & {*wanted} else ""
        browser = launched(playwright)
        with running() as app:
            for ground, width in itertools.product(("light", "dark"), SIZES):
                page = browser.new_page(viewport=SIZES[width], color_scheme=ground)
                page.set_default_timeout(60_000)
                for name in wanted:
                    opened(page, name, app.address, study)
                    settled(page)
                    for condition in (DECODED, DRAWN, FONTS):
                        page.wait_for_function(condition)
                    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
                    file = PLACE / f"{name}-{ground}-{width}.webp"
                    picture.convert("RGB").save(file, quality=QUALITY, method=6)
                page.close()
        browser.close()
    total = sum(path.stat().st_size for path in PLACE.glob("*.webp"))
    print(f"{len(list(PLACE.glob('*.webp')))} pictures, {total / 1e6:.1f} MB, in {PLACE}")


def opened(page: Any, name: str, address: str, study: str) -> None:
    if name == "take_part":
        page.goto(f"{address}/?study={study}")
        page.get_by_role("button", name=AGREE).click()
        page.get_by_role("button", name="Photograph 1").wait_for()
    else:
        path = "" if name == "trade_off" else name
        page.goto(f"{address}/{path}{LOOKED_AT.get(name, '?')}&data=synthetic")
        page.locator("h2").first.wait_for()


def rehearsed() -> str:
    from core.study import studies
    from core.study.analysis import simulate

    study = simulate.rehearsal()
    simulate.simulate(study, PARTICIPANTS, SKILL)
    studies.open_study(study)
    return study


if __name__ == "__main__":
    main()
