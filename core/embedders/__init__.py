"""Face-verification networks made by others, through which a data set is measured *as well*.

Penumbra's own (`core.attacks.identity.face_network`) stays the one that every figure is given for. What is
measured through a second one (`choose`) stands in rows of its own, whose metric ends in the
network's name (`face_similarity_dlib`). It is asked, never trained through.
"""

from core.embedders.choice import choose, chosen, named, opened
from core.embedders.embedder import Embedder, faces_in, photographed
from core.embedders.onnx_network import Preparation

__all__ = [
    "Embedder",
    "Preparation",
    "choose",
    "chosen",
    "faces_in",
    "named",
    "opened",
    "photographed",
]
