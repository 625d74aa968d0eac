"""Seconds of one core per synthetic face, for a person's preparation and for each photograph.

python -m bench.synthetic.speed [--size 128] [--people 10] [--images 8]
"""

import argparse
import time

from core.synthetic import people, render
from core.synthetic.camera_and_light import sample_photograph
from core.synthetic.correlations import Correlations


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--images", type=int, default=8)
    arguments = parser.parse_args()
    table = Correlations()
    for _ in people.photographs(0, 0, 2, arguments.size, table):
        pass  # compile, load the assets
    preparing = drawing = 0.0
    for number in range(arguments.people):
        start = time.process_time()
        person, vertices = people.make_person(0, number, table)
        prepared = render.prepare(person, vertices, people.generator(0, number, 1))
        preparing += time.process_time() - start
        start = time.process_time()
        for index in range(arguments.images):
            random = people.generator(0, number, 2, index)
            photo = sample_photograph(random, person, table)
            render.photograph(person, prepared, photo, arguments.size, random)
        drawing += time.process_time() - start
    print(f"person: {1000 * preparing / arguments.people:.0f} ms")
    count = arguments.people * arguments.images
    print(f"photograph at {arguments.size} px: {1000 * drawing / count:.0f} ms")


if __name__ == "__main__":
    main()
