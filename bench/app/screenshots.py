"""Pictures of every page for the README, light and dark, on a desktop and on a phone, from the shipped runs
on the synthetic faces. The study in them is a rehearsal: its participants are made up, and the page says so.

    python -m bench.app.screenshots            writes docs/screenshots/<page>-<ground>-<width>.webp
    python -m bench.app.screenshots leaks      of some pages only
"""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image

from app.main import PAGES
from bench.app.speed import DECODED, launched, served, settled, start
from core.run import ROOT

PLACE = ROOT / "docs" / "screenshots"
LOOKED_AT = {  # page -> at what, where that is not what it opens with
    "trade_off": "?method=dpfe&attack_limit=65&cost_limit=10",
    "reconstructions": "?method=adversarial_reconstruction",
    "embeddings": "?method=dpfe",
    "leaks": "?method=dpfe",
    "noise": "?method=dpfe&dpfe.noise_ratio=0.1",
    "compare": "?method=dpfe",
    "report": "?method=dpfe_hardened&attack_limit=65",
    "study_results": "?answers_of=simulated",
}
NAMES = [*(page.name for page in PAGES), "take_part"]
PARTICIPANTS, SKILL = 60, (0.75, 0.7, 0.6, 0.5, 0.4, 0.3)  # of the rehearsal, along λ₁
AGREE = re.compile("^I agree")
DRAWN = "() => !document.querySelector('[data-testid=stMain] [data-testid=stSkeleton]')"
STUDIES = {"studies", "study_results", "take_part"}
SIZES = {"desktop": (1360, 950), "phone": (390, 844)}  # CSS pixels
QUALITY = 80


def main() -> None:
    from playwright.sync_api import sync_playwright

    wanted = [name for name in NAMES if name in sys.argv[1:]] or NAMES
    PLACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        log = Path(place) / "log"
        os.environ["PENUMBRA_DATABASE"] = f"sqlite:///{place}/studies.sqlite"
        study = rehearsed() if STUDIES & {*wanted} else ""
        process = start(ROOT / "checkpoints", log)
        browser = launched(playwright)
        try:
            address = served(process, log)
            for ground in ("light", "dark"):
                for width, (wide, high) in SIZES.items():
                    page = browser.new_page(
                        viewport={"width": wide, "height": high}, color_scheme=ground
                    )
                    page.set_default_timeout(60_000)
                    for name in wanted:
                        path = "" if name == "trade_off" else name
                        if name == "take_part":
                            page.goto(f"{address}/?study={study}")
                            page.get_by_role("button", name=AGREE).click()
                            page.get_by_role("button", name="Photograph 1").wait_for()
                        else:
                            page.goto(f"{address}/{path}{LOOKED_AT.get(name, '')}")
                            page.locator("h2").first.wait_for()
                        settled(page)
                        page.wait_for_function(DECODED)
                        page.wait_for_function(DRAWN)
                        page.wait_for_function("() => document.fonts.status === 'loaded'")
                        picture = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
                        picture.convert("RGB").save(
                            PLACE / f"{name}-{ground}-{width}.webp", quality=QUALITY, method=6
                        )
                    page.close()
        finally:
            browser.close()
            process.terminate()
            process.wait(20)
    total = sum(path.stat().st_size for path in PLACE.glob("*.webp"))
    print(f"{len(list(PLACE.glob('*.webp')))} pictures, {total / 1e6:.1f} MB, in {PLACE}")


def rehearsed() -> str:
    """Id of an open study with simulated answers."""
    from core.study import studies
    from core.study.analysis import simulate

    study = simulate.rehearsal()
    simulate.simulate(study, PARTICIPANTS, SKILL)
    studies.open_study(study)
    return study


if __name__ == "__main__":
    main()
