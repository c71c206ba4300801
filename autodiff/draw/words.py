"""What an op was called with and where, in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

NEUTRAL: Mapping[str, Any] = {  # not worth a word in a picture
    "stride": 1, "dilation": 1, "groups": 1, "padding": 0, "ignore_index": -100, "smoothing": 0, "reduction": "mean",
    "momentum": 0.1, "eps": 1e-5,
}  # fmt: skip
LONG = 24  # characters of one parameter


def params_text(params: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """Write an op's keyword parameters, leaving out what changes nothing.

    >>> params_text({"axis": (0,), "keepdims": False, "stride": (1, 1), "index": ("slice", 1, None, None)}, {})
    'axis=0, [1:]'
    """
    found = []
    for key, value in params.items():
        usual = NEUTRAL.get(key)
        if value is None or value is False or value in (usual, (usual,) * 2) or value == defaults.get(key, params):
            continue
        if key in ("seed", "offset"):
            continue
        text = _slices(value) if key == "index" else _short(value)
        named = text if key == "index" else f"{key}={text}"
        found.append(named if len(text) <= LONG else f"{key}=...")
    return ", ".join(found)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value[0] if isinstance(value, tuple) and len(value) == 1 else value)


def _slices(index: Any) -> str:
    """Write an index as in source code; slices are kept as ("slice", start, stop, step)."""

    def one(part: Any) -> str:
        if isinstance(part, tuple) and len(part) == 4 and part[0] == "slice":
            start, stop, step = ("" if p is None else str(p) for p in part[1:])
            return f"{start}:{stop}" + (f":{step}" if step else "")
        return "..." if part is Ellipsis else str(part)

    parts = index if isinstance(index, tuple) and index[:1] != ("slice",) else (index,)
    return f"[{', '.join(map(one, parts))}]"


def short_line(line: tuple[str, int]) -> str:
    """Write a source line by the file's name alone; a notebook's cell has no name worth showing.

    >>> short_line(("/somewhere/train.py", 12)), short_line(("/tmp/ipykernel_7/123.py", 3))
    ('train.py:12', 'cell:3')
    """
    path = PurePath(line[0])
    name = "cell" if path.parent.name.startswith("ipykernel_") else path.name
    return f"{name}:{line[1]}"
