"""Data sets, and batches of them."""

from . import transforms
from .collate import collate, pad_collate
from .dataset import ConcatDataset, Dataset, Subset, TensorDataset, random_split
from .loader import DataLoader
from .samplers import (
    BatchSampler,
    BucketBatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    StratifiedSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from .workers import WorkerInfo, get_worker_info

default_collate = collate

__all__ = [
    "Dataset", "TensorDataset", "ConcatDataset", "Subset", "random_split",
    "DataLoader", "WorkerInfo", "get_worker_info", "collate", "default_collate", "pad_collate",
    "BatchSampler", "BucketBatchSampler", "RandomSampler", "Sampler", "SequentialSampler", "StratifiedSampler",
    "SubsetRandomSampler", "WeightedRandomSampler", "transforms",
]  # fmt: skip
