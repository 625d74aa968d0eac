"""Every random number follows from a description of what it is for. Importing this does not import
torch."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from core.torch_types import Device, Generator


def seed_of(purpose: str, size: int = 7) -> int:
    """A seed of `size` bytes for torch and numpy: the same for the same purpose, everywhere."""
    return int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:size], "big")


def generator_for(purpose: str) -> Generator:
    """A generator on the CPU, seeded by its purpose."""
    import torch

    return torch.Generator().manual_seed(seed_of(purpose))


def seed_torch(seed: int) -> None:
    """Seed torch's own generators. `torch.manual_seed` does the same, but where there is no GPU it
    formats and keeps a stack trace at every call."""
    import torch

    if torch.cuda.is_available():
        torch.manual_seed(seed)
    else:
        torch.default_generator.manual_seed(seed)


@contextmanager
def seeded(seed: int | Generator, device: Device | None = None) -> Iterator[None]:
    """Within, torch's own generators (initial weights, dropout) on the CPU and on `device` follow
    from a seed, or from one drawn from a generator; after it they are as they were."""
    import torch

    if not isinstance(seed, int):
        seed = int(torch.randint(2**62, (), generator=seed))
    with torch.random.fork_rng(devices=[device] if device and device.type == "cuda" else []):
        seed_torch(seed)
        yield
