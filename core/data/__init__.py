"""Face data: named data sets, decoded once, split by person, held on the device."""

from core.data.datasets import add, catalogue, describe, is_packed, join, load, preview, remove
from core.data.faces import SPLITS, Faces
from core.data.second_source import SecondSource, second_source
