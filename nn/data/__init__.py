"""Data sets, and batches of them."""

from . import transforms
from .binary import CIFAR10, CIFAR100, MNIST, read_cifar, read_idx
from .collate import collate, pad_collate
from .dataset import ConcatDataset, Dataset, Subset, TensorDataset, random_split
from .folder import ImageFolder, read_image
from .loader import DataLoader
from .preprocess import Chain, Log1p, Preprocessing, Rescale, Standardize
from .ready import load_digits, load_faces, load_mnist5000, load_names, load_photographs, load_shakespeare
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
from .table import CSVDataset
from .text import NextTokens, Vocabulary
from .workers import WorkerInfo, get_worker_info

default_collate = collate

__all__ = [
    "Dataset", "TensorDataset", "ConcatDataset", "Subset", "random_split",
    "DataLoader", "WorkerInfo", "get_worker_info", "collate", "default_collate", "pad_collate",
    "BatchSampler", "BucketBatchSampler", "RandomSampler", "Sampler", "SequentialSampler", "StratifiedSampler",
    "SubsetRandomSampler", "WeightedRandomSampler",
    "ImageFolder", "read_image", "CSVDataset", "MNIST", "CIFAR10", "CIFAR100", "read_idx", "read_cifar",
    "Vocabulary", "NextTokens", "transforms",
    "Preprocessing", "Standardize", "Rescale", "Log1p", "Chain",
    "load_digits", "load_mnist5000", "load_faces", "load_names", "load_shakespeare", "load_photographs",
]  # fmt: skip
