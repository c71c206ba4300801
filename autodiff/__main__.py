"""`python -m autodiff` says what is installed: versions, BLAS, threads, and which `dot` draws."""

from __future__ import annotations

import os
import platform
from importlib import import_module, metadata
from typing import Any

import numpy as np

from .draw import render

PACKAGES = (
    "numpy",
    "scipy",
    "numba",
    "optree",
    "graphviz",
    "graphviz-pure",
    "matplotlib",
    "scikit-learn",
    "threadpoolctl",
    "torch",
)


def report() -> list[tuple[str, str]]:
    """Return what is installed, as lines of a name and a text."""
    lines = [
        ("chainrule", version("chainrule")),
        ("python", f"{platform.python_version()} {platform.python_implementation()}, {platform.platform()}"),
    ]
    lines += [(name, version(name)) for name in PACKAGES]
    lines += [("blas", blas()), ("cpus", cpus()), ("dot", dot())]
    return lines


def version(name: str) -> str:
    """Return the version of an installed distribution."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def blas() -> str:
    """Return NumPy's BLAS library, and how many threads it uses where that can be found out."""
    try:
        pools = import_module("threadpoolctl").threadpool_info()
    except ImportError:
        pass
    else:
        for pool in pools:
            if pool.get("user_api") == "blas":
                words = [pool.get("internal_api"), pool.get("version"), pool.get("architecture")]
                threads = f"{pool.get('num_threads')} threads"
                return f"{' '.join(str(word) for word in words if word)}, {threads}"
    found: Any = np.show_config(mode="dicts")
    config: dict[str, Any] = found or {}
    found = config.get("Build Dependencies", {}).get("blas", {})
    name = f"{found.get('name', 'unknown')} {found.get('version', '')}".strip()
    return f"{name} (install threadpoolctl to see its threads)"


def cpus() -> str:
    """Return how many processors there are, and how many of them this process may use."""
    total = os.cpu_count() or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else total
    return f"{total}, {usable} usable" if usable != total else str(total)


def dot() -> str:
    """Return what draws graphs."""
    renderer = render.find()
    if renderer is None:
        return f"none; {render.HINT}"
    what = "Graphviz" if renderer.system else "graphviz-pure"
    pdf = "" if renderer.system else ", no PDF"
    return f"{renderer.path} ({what} {renderer.version}{pdf})"


def main() -> None:
    """Print the report."""
    lines = report()
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        print(f"{name:<{width}}  {text}")


if __name__ == "__main__":
    main()
