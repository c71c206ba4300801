"""An optimizer's step, shown: `w <- w - lr * w.grad` with numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from ..draw.quantity import number
from ..tensor import Tensor
from .places import Place
from .record import Vault
from .steps import Row, Step, quantity


class Change(NamedTuple):
    """What an optimizer has done to a parameter."""

    place: Place
    before: Any
    gradient: Any
    after: Any
    rate: Any  # the group's `lr`, if it has one
    rule: str  # the optimizer's name and options


class UpdateStep(Step):
    """An optimizer gives a parameter its new value."""

    change: Change

    @property
    def place(self) -> Place:
        return self.change.place

    @property
    def title(self) -> str:
        return f"{self.change.rule} updates {self.name}"

    @cached_property
    def rows(self) -> list[Row]:
        c, w = self.change, self.name
        new = quantity(c.after)
        rows = [Row("upstream", f"{w}.grad = {quantity(c.gradient)}")]
        if c.rate is not None and _is_descent(c):
            old, g = (_bracketed(quantity(x, short=True)) for x in (c.before, c.gradient))
            formula = f"{w} <- {w} - lr * {w}.grad"
            return [*rows, Row("update", f"{formula} = {old} - {number(c.rate)} * {g} = {new}")]
        old, change = (_bracketed(quantity(x, short=True)) for x in (c.before, np.asarray(c.after - c.before)[()]))
        return [*rows, Row("update", f"{w} <- {w} + change = {old} + {change} = {new}")]


def _bracketed(text: str) -> str:
    return f"({text})" if "±" in text else text


def _is_descent(c: Change) -> bool:
    """Whether the new value is that of plain gradient descent."""
    tolerance = 8 * float(np.finfo(np.asarray(c.before).dtype).eps)
    size = np.abs(c.before) + np.abs(c.rate * c.gradient)
    return bool(np.all(np.abs(c.before - c.rate * c.gradient - c.after) <= tolerance * size))


def take_step(optimizer: Any, places: Mapping[Any, Place], gradients: Mapping[Any, Any]) -> Iterator[Change]:
    """Have an optimizer take a step with these gradients, and say what it has changed; each `.grad` is as before."""
    groups = getattr(optimizer, "param_groups", None)
    if groups is None or not callable(getattr(optimizer, "step", None)):
        raise TypeError(f"an optimizer has param_groups and step(), {type(optimizer).__name__} has not")
    vault = Vault()
    params = [(p, group) for group in groups for p in group["params"] if type(p) is Tensor]
    before = [(p, p.grad, vault.keep_now(p.value)) for p, _ in params]
    try:
        for p, _ in params:
            p.grad = gradients.get(p)
        optimizer.step()
    finally:
        for p, grad, _ in before:
            p.notes().grad = grad
    for (p, group), (_, _, old) in zip(params, before, strict=True):
        if p in gradients and p in places:
            options = {key: value for key, value in group.items() if key in ("lr", "momentum", "betas", "weight_decay")}
            shown = ", ".join(f"{key}={value}" for key, value in options.items() if value)
            rule = f"{type(optimizer).__name__}({shown})"
            new = vault.keep_now(p.value)
            yield Change(places[p], old, gradients[p], new, group.get("lr"), rule)
