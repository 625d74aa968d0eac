"""Many people at once: sessions that walk all pages and move sliders, the server's memory, its errors, and
how much slower it becomes.

    python -m bench.app.load                             20 sessions, five minutes
    python -m bench.app.load --sessions 5 --minutes 1

A session speaks to the running app as a browser does, over the app's own websocket, without drawing:
on a machine with two cores twenty real browsers would measure themselves. It opens a page, waits for
the end of its script, reads for 5 to 10 seconds, moves the first slider where there is one, reads
again, and goes to the next page. First one session walks alone, twice (the first time fills the
caches), then all together. Times are from the message sent to the script's end, so they hold what
waits in the server. Prints each page's median alone and together, the worst ratio, the highest
resident memory of the server, and every error; ends with 1 where there was one.
"""

import argparse
import asyncio
import itertools
import random
import statistics
import sys
import time
from collections import defaultdict
from typing import Any

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from app.main import PAGES
from bench.app import machine, running, stream

NAMES = ["", *(page.name for page in PAGES[1:])]  # the first page has no name in addresses
READING = (5.0, 10.0)  # seconds
PATIENCE = 60.0  # seconds after which a page counts as lost
Times = dict[str, list[float]]


class Session:
    def __init__(self, socket: Any, errors: list[str]) -> None:
        self.socket, self.errors = socket, errors
        self.sliders: list[tuple[Any, str]] = []  # (slider, its fragment)

    async def open(self, page: str) -> float:
        """Seconds until the page's script has ended."""
        self.sliders = []
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.query_string = ""
        return await self._until_finished(message, page or "trade_off")

    async def move(self, page: str, choice: random.Random) -> float | None:
        """Seconds until the first slider's fragment has been redrawn; None without a slider."""
        found = [entry for entry in self.sliders if len(entry[0].options) > 1]
        if not found:
            return None
        slider, fragment = found[0]
        message = BackMsg()
        message.rerun_script.fragment_id = fragment
        state = message.rerun_script.widget_states.widgets.add()
        state.id = slider.id
        state.string_array_value.data.append(choice.choice(list(slider.options)))
        return await self._until_finished(message, f"{page or 'trade_off'}, slider")

    async def _until_finished(self, message: Any, what: str) -> float:
        began = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = ForwardMsg()
                answer.ParseFromString(await self.socket.recv())
                kind = answer.WhichOneof("type")
                if kind == "delta" and answer.delta.WhichOneof("type") == "new_element":
                    element = answer.delta.new_element
                    drawn = element.WhichOneof("type")
                    if drawn == "exception":
                        self.errors.append(f"{what}: {element.exception.message[:200]}")
                    elif drawn == "slider":
                        self.sliders.append((element.slider, answer.delta.fragment_id))
                elif kind == "page_not_found":
                    self.errors.append(f"{what}: there is no such page")
                elif kind == "script_finished":
                    if answer.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                        continue
                    if answer.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                        self.errors.append(f"{what}: the script does not compile")
                    return time.perf_counter() - began


async def walk(
    address: str, number: int, times: Times, errors: list[str], seconds: float = 0, rounds: int = 0
) -> None:
    """One session: for so many seconds, reading, or for so many hasty rounds through all pages."""
    choice, end = random.Random(number), time.perf_counter() + seconds

    async def read() -> None:
        await asyncio.sleep(choice.uniform(*READING) if seconds else 0)

    try:
        async with stream(address) as socket:
            session = Session(socket, errors)
            for _ in itertools.count() if seconds else range(rounds):
                for page in choice.sample(NAMES, len(NAMES)) if seconds else NAMES:
                    times[page or "trade_off"].append(await session.open(page))
                    await read()
                    moved = await session.move(page, choice)
                    if moved is not None:
                        times[f"{page or 'trade_off'}, slider"].append(moved)
                        await read()
                    if seconds and time.perf_counter() >= end:
                        return
    except (OSError, TimeoutError) as error:
        errors.append(f"session {number}: {type(error).__name__} {error}")


async def watch(process: psutil.Process, peak: list[int]) -> None:
    while True:
        peak[0] = max(peak[0], process.memory_info().rss)
        await asyncio.sleep(0.5)


async def measure(address: str, pid: int, sessions: int, seconds: float) -> dict[str, Any]:
    process, peak, errors = psutil.Process(pid), [0], []
    watcher = asyncio.create_task(watch(process, peak))
    alone: Times = defaultdict(list)
    together: Times = defaultdict(list)
    await walk(address, 0, defaultdict(list), errors, rounds=1)
    await walk(address, 0, alone, errors, rounds=3)
    found = {"alone": alone, "together": together, "errors": errors, "single": peak[0]}
    await asyncio.gather(
        *(walk(address, 1 + i, together, errors, seconds) for i in range(sessions))
    )
    watcher.cancel()
    return found | {"peak": peak[0]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=5.0)
    options = parser.parse_args()
    with running() as app:
        work = measure(app.address, app.pid, options.sessions, 60 * options.minutes)
        found = asyncio.run(work)
        text = app.log.read_text()
    tracebacks = text.count("Traceback")
    print(f"{machine()}; {options.sessions} sessions, {options.minutes:g} minutes")
    worst = 0.0
    for name, times in sorted(found["alone"].items()):
        beside = found["together"].get(name)
        if not beside:
            continue
        one, many = statistics.median(times), statistics.median(beside)
        worst = max(worst, many / one)
        print(
            f"{name:28s} alone {1000 * one:5.0f} ms, together {1000 * many:5.0f} ms "
            f"(worst {1000 * max(beside):5.0f}), {many / one:.1f} times, {len(beside)} times seen"
        )
    print(f"worst ratio of medians: {worst:.1f} (goal 3)")
    single, peak = found["single"] / 1e9, found["peak"] / 1e9
    print(f"memory: {single:.2f} GB with one session, {peak:.2f} GB at most (goal 1.5)")
    print(f"errors: {len(found['errors'])}; tracebacks in the server's log: {tracebacks}")
    for error in found["errors"][:20]:
        print(f"  {error}")
    if tracebacks:
        print(text[text.rindex("Traceback") :][-2000:])
    return 1 if found["errors"] or tracebacks else 0


if __name__ == "__main__":
    sys.exit(main())
