"""Data sets, and batches of them."""

from .dataset import TensorDataset
from .loader import DataLoader, collate

__all__ = ["DataLoader", "TensorDataset", "collate"]
