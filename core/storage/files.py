"""Files that survive a kill at any moment, and refuse to load when they are not what they claim.

Tensors are safetensors, everything else JSON; nothing here can run code when it is read.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import PenumbraError
from core.torch_types import Module, Tensor

LARGEST_JSON = 4 << 20  # bytes; no JSON file of a run comes near
AGAIN = "delete the folder and train again"


def write_bytes(path: Path, content: bytes) -> None:
    """Write so that `path` holds either the old content or the new, never a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(partial, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_json(path: Path, content: Any) -> None:
    write_bytes(path, (json.dumps(content, indent=1, allow_nan=False) + "\n").encode())


def read_json(path: Path, again: str = AGAIN) -> dict[str, Any]:
    """A JSON object from a file that may be missing, truncated, huge or foreign. Raises PenumbraError
    that says what to do, `again`."""
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise PenumbraError(f"{path} is larger than {LARGEST_JSON >> 20} MiB; it is not ours")
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise PenumbraError(f"{path} is missing; {again}") from error
    except PenumbraError:
        raise
    except (OSError, ValueError, RecursionError) as error:  # also of a number with 5000 digits
        raise PenumbraError(f"{path} cannot be read ({error}); {again}") from error
    if not isinstance(content, dict):
        raise PenumbraError(f"{path} holds no JSON object; {again}")
    return content


def save_tensors(path: Path, tensors: Mapping[str, Tensor]) -> str:
    """Write named tensors; return the SHA-256 of the file."""
    from safetensors.torch import save

    content = save({name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()})
    write_bytes(path, content)
    return hashlib.sha256(content).hexdigest()


def load_tensors(path: Path, sha256: str | None = None) -> dict[str, Tensor]:
    """Named tensors on the CPU. Raises PenumbraError when missing, damaged or not the file whose
    hash is given."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        content = path.read_bytes()
    except OSError as error:
        raise PenumbraError(f"{path} cannot be read ({error}); {AGAIN}") from error
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise PenumbraError(f"{path} is not the file its run wrote (its hash differs); train again")
    try:
        return load(content)
    except SafetensorError as error:
        raise PenumbraError(f"{path} is damaged ({error}); {AGAIN}") from error


def network_tensors(networks: dict[str, Module]) -> dict[str, Tensor]:
    """All parameters and buffers as `<network>/<name>`."""
    return {
        f"{network}/{name}": tensor
        for network, module in networks.items()
        for name, tensor in module.state_dict().items()
    }


def fill_networks(
    networks: dict[str, Module], tensors: dict[str, Tensor], path: Path, missing_ok: bool = False
) -> None:
    """Load `network_tensors` back. With `missing_ok`, networks of which the file holds nothing
    stay as they are. Raises PenumbraError when a name or shape does not fit."""
    for network, module in networks.items():
        prefix = network + "/"
        part = {name[len(prefix) :]: t for name, t in tensors.items() if name.startswith(prefix)}
        if missing_ok and not part:
            continue
        own = module.state_dict()
        wrong = sorted(set(own) ^ set(part)) or [n for n in own if own[n].shape != part[n].shape]
        if wrong:
            raise PenumbraError(
                f"{path}: network {network!r} does not fit this version of Penumbra "
                f"(first difference: {wrong[0]}); train again"
            )
        module.load_state_dict({name: t.to(own[name].dtype) for name, t in part.items()})


def halved(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Matrices and kernels in half precision; vectors, such as batch-norm statistics, stay whole.
    Networks are rounded this way *before* they are measured: what is stored is what was measured."""
    return {
        name: t.half() if t.is_floating_point() and t.dim() >= 2 else t
        for name, t in tensors.items()
    }


def rounded(networks: dict[str, Module]) -> dict[str, Tensor]:
    """`halved` `network_tensors`, which the networks then hold, too."""
    tensors = halved(network_tensors(networks))
    for network, module in networks.items():
        own = module.state_dict()
        module.load_state_dict({n: tensors[f"{network}/{n}"].to(own[n].dtype) for n in own})
    return tensors
