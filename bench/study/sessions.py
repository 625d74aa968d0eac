"""Many participants at once against the running app: its own websocket, its own pages, its own database.

    python -m bench.study.sessions                               200 participants, on SQLite
    python -m bench.study.sessions --database postgresql
    python -m bench.study.sessions --kill                        kill -9 of the app in the middle
    python -m bench.study.sessions --participants 50 --seconds 2

A participant speaks to the server as the page in a browser does, without drawing: on two cores, 200 real
browsers would measure themselves. Each thinks between --seconds / 2 and 1.5 times --seconds before an
answer, whose time is from the message to the next question with its five pictures. With --kill the
server gets SIGKILL when half of the answers are in, and is started again on the same port; the
participants connect again and go on, as the page does. Ends with 1 if an acknowledged answer is missing,
doubled, or another than was given.
"""

import argparse
import asyncio
import json
import os
import random
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from typing import IO, Any

import numpy as np
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import WebSocketException

from bench.app import stream
from bench.study import QUESTIONS, kept_in, open_study, stored
from core.run import ROOT
from core.study.participation.tokens import token_hash

PATIENCE = 120.0  # seconds without a word of the server after which a participant gives up
AGAIN = 5.0  # seconds after which an unheard message is told again, as the page does
Acknowledged = dict[tuple[str, int], int]  # (token, number of the question) -> place on the screen


class Server:
    """The app in a process of its own, on a port that stays the same."""

    def __init__(self, log: IO[str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log, self.process = log, None
        self.start()

    def start(self) -> None:
        options = f"--server.headless true --server.port {self.port} --server.fileWatcherType none"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(ROOT / "app/main.py"), *options.split()],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Participant:
    """One person's browser page: what it holds, and what it was told."""

    def __init__(self, study: str, server: Server, seconds: float, seed: int) -> None:
        self.study, self.server, self.seconds = study, server, seconds
        self.chance = random.Random(seed)
        self.token = secrets.token_hex(16)
        self.serial, self.agreed = 0, False
        self.pending: tuple[int, int] | None = None  # (number, place): given, not yet heard of
        self.acknowledged: Acknowledged = {}
        self.times: list[float] = []

    async def take_part(self) -> None:
        """Until the page of thanks; connects again as often as the connection breaks."""
        address = f"http://127.0.0.1:{self.server.port}"
        since = time.monotonic()
        while time.monotonic() - since < PATIENCE:
            try:
                async with stream(address, open_timeout=PATIENCE) as self.connection:
                    before = len(self.acknowledged)
                    if await self._talk():
                        return
                    since = since if len(self.acknowledged) == before else time.monotonic()
            except (OSError, TimeoutError, WebSocketException):
                await asyncio.sleep(0.2)  # as the page's own client, which looks again and again
        raise SystemExit("a participant got no answer for two minutes")

    async def _talk(self) -> bool:
        self.component, self.serial = "", 0
        agreeing = {"kind": "agree", "token": self.token}
        await self._run(None)
        shown = await self._say(agreeing if self.agreed else {"kind": "hello", "token": ""})
        if shown["stage"] == "consent":
            self.agreed = True
            shown = await self._say(agreeing)
        self._look(shown)
        while shown["stage"] == "question":
            if self.pending is None:
                await asyncio.sleep(self.seconds * self.chance.uniform(0.5, 1.5))
                self.pending = shown["number"], self.chance.randrange(len(shown["options"]))
            answer = dict(zip(("number", "place"), self.pending, strict=True))
            answer |= {"kind": "answer", "token": self.token}
            began = time.perf_counter()
            shown = await self._say(answer | {"milliseconds": 1000, "confidence": None})
            self.times.append(time.perf_counter() - began)
            self._look(shown)
        return shown["stage"] == "finished"

    def _look(self, shown: dict[str, Any]) -> None:
        """The page calls an answer stored when a later question comes, or thanks."""
        if self.pending and (shown["stage"] == "finished" or shown["number"] > self.pending[0]):
            number, place = self.pending
            self.acknowledged[self.token, number] = place
            self.pending = None

    async def _say(self, message: dict[str, Any]) -> dict[str, Any]:
        """What is drawn once the server has heard the message."""
        first = self.serial + 1
        while True:
            self.serial += 1
            try:
                async with asyncio.timeout(AGAIN):
                    shown = await self._run(message | {"serial": self.serial})
                    while shown["heard"] < first or shown.get("wait"):
                        shown = await self._read()
                    return shown
            except TimeoutError:
                continue

    async def _run(self, message: dict[str, Any] | None) -> dict[str, Any]:
        back = BackMsg()
        back.rerun_script.query_string = f"study={self.study}"
        if message is not None:
            state = back.rerun_script.widget_states.widgets.add()
            state.id = self.component
            state.json_value = json.dumps({"message": message})
        await self.connection.send(back.SerializeToString())
        return await self._read()

    async def _read(self) -> dict[str, Any]:
        """The component's data in the next run of the script that draws it."""
        while True:
            told = ForwardMsg()
            told.ParseFromString(await self.connection.recv())
            if told.WhichOneof("type") != "delta":
                continue
            element = told.delta.new_element
            kind = element.WhichOneof("type")
            if kind == "exception":
                raise SystemExit(f"the page failed: {element.exception.message[:300]}")
            if kind == "bidi_component":
                self.component = element.bidi_component.id
                return json.loads(element.bidi_component.json)


async def all_at_once(people: list[Participant], server: Server, kill: bool) -> float:
    """Seconds until the last participant is done."""
    began = time.perf_counter()

    async def killing() -> None:
        half = len(people) * QUESTIONS // 2
        while sum(len(person.acknowledged) for person in people) < half:
            await asyncio.sleep(0.05)
        server.kill()
        print(f"killed after {sum(len(p.acknowledged) for p in people)} acknowledged answers")
        server.start()

    tasks = [person.take_part() for person in people]
    await asyncio.gather(*tasks, *([killing()] if kill else []))
    return time.perf_counter() - began


def wrong(acknowledged: Acknowledged, study: str) -> list[str]:
    """A line for every acknowledged answer that is not there as it was given, and for participants
    or answers that nobody made."""
    rows = stored(study)
    there = {(row.token_hash, row.position + 1): row.option_order.index(row.choice) for row in rows}
    found = [] if len(there) == len(rows) else ["an answer is there twice"]
    hashed = {token: token_hash(token) for token, _ in acknowledged}
    for (token, number), place in acknowledged.items():
        kept = there.pop((hashed[token], number), None)
        if kept != place:
            found.append(f"question {number} was answered {place}, kept is {kept}")
    return found + [f"nobody was told that question {number} is kept" for _, number in there]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--participants", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=5.0, help="to think (default 5)")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--kill", action="store_true", help="SIGKILL the app in the middle")
    options = parser.parse_args()
    with kept_in(options.database):
        study = open_study(3, target=options.participants)
        log = tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".log", delete=False)  # noqa: SIM115 (stays)
        server = Server(log)
        people = [
            Participant(study, server, options.seconds, seed)
            for seed in range(options.participants)
        ]
        try:
            taken = asyncio.run(all_at_once(people, server, options.kill))
        finally:
            server.kill()
        acknowledged = {
            key: place for person in people for key, place in person.acknowledged.items()
        }
        lines = wrong(acknowledged, study)
        times = 1000 * np.array([spent for person in people for spent in person.times])
        middle, late = np.percentile(times, (50, 95))
        print(
            f"{options.participants} participants on {options.database}, {len(acknowledged)} answers "
            f"acknowledged in {taken:.0f} s ({len(acknowledged) / taken:.0f} a second): median "
            f"{middle:.0f} ms, p95 {late:.0f} ms, at most {times.max():.0f} ms from an answer to the "
            f"next question; {len(lines)} lost, doubled or changed"
        )
        print("\n".join([*lines[:20], f"the server's words are in {log.name}"]))
        complete = len(acknowledged) == options.participants * QUESTIONS
        return int(bool(lines) or not complete)


if __name__ == "__main__":
    sys.exit(main())
