"""The frames of a picture: one around what each module computes, and one around a backward pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..graph import Node
from ..tensor import Tensor
from .fold import Segment
from .modules import Span
from .scene import Frame, Item

BACKWARD = "backward"


class Frames:
    """Says which frame each segment and each leaf is in, and which frames are worth drawing."""

    def __init__(
        self, spans: Sequence[Span], nodes: Sequence[Node], segments: Sequence[Segment], passed: int | None
    ) -> None:
        self.frames: dict[str, Frame] = {}
        self.segment_frame: dict[Segment, str] = {}
        self.leaf_frame: dict[Tensor, str] = {}
        if passed is not None and any(node.number > passed for node in nodes):
            self.frames[BACKWARD] = Frame(BACKWARD, "backward pass", "")
        for segment in segments:
            if passed is not None and nodes[segment.start].number > passed:
                self.segment_frame[segment] = BACKWARD
            else:
                self.segment_frame[segment] = self._around(segment, spans)

    def _around(self, segment: Segment, spans: Sequence[Span]) -> str:
        """The key of the innermost call that a segment is part of."""
        key = ""
        while True:
            for span in spans:
                if span.start <= segment.start and segment.stop <= span.stop and span is not segment.span:
                    break
            else:
                return key
            inner = f"m{span.call.start}"
            if inner not in self.frames:
                path = span.call.path
                outer = self.frames[key].key if key else ""
                self.frames[inner] = Frame(inner, path, span.call.kind, outer)
            key, spans = inner, span.children

    def of_segment(self, segment: Segment) -> str:
        """The key of the frame around a segment; "" if it is in none."""
        return self.segment_frame[segment]

    def of_leaf(self, leaf: Tensor) -> str:
        """The key of the frame around a leaf."""
        return self.leaf_frame.get(leaf, "")

    def place(self, leaf: Tensor, users: Sequence[Segment]) -> None:
        """Put a parameter into the innermost frame around all that use it; what is given stays outside."""
        if not leaf.is_parameter:
            return
        chains = [self._chain(self.segment_frame[user]) for user in users]
        shared = ""
        for keys in zip(*chains, strict=False):
            if len(set(keys)) > 1:
                break
            shared = keys[0]
        self.leaf_frame[leaf] = "" if shared == BACKWARD else shared

    def _chain(self, key: str) -> list[str]:
        """The keys of the frames around, outermost first."""
        chain = []
        while key:
            chain.append(key)
            key = self.frames[key].parent
        return chain[::-1]

    def used(self, items: Sequence[Item]) -> list[Frame]:
        """Take off the frames around one item alone or around everything, and return the others, parents first."""
        held: Counter[str] = Counter()
        for item in items:
            held.update(self._chain(item.frame))
        ops = {item.key for item in items if item.inputs}
        drop = set()
        for key, frame in self.frames.items():
            inside = {item.key for item in items if key in self._chain(item.frame)}
            if held[key] < 2 or (frame.name == "" and ops <= inside):
                drop.add(key)
        for item in items:
            item.frame = self._kept(item.frame, drop)
        for frame in self.frames.values():
            frame.parent = self._kept(frame.parent, drop)
        return [frame for key, frame in self.frames.items() if key not in drop]

    def _kept(self, key: str, drop: set[str]) -> str:
        while key in drop:
            key = self.frames[key].parent
        return key
