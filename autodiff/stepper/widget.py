"""A stepper with sliders: change an input, and values and gradients flow anew. Needs the extra `widget` (anywidget)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..tensor import Tensor
from .stepper import Stepper, make_stepper

FEW = 12  # elements of an array that get a slider each

_ESM = """
export default {
  render({ model, el }) {
    const sliders = document.createElement("div"), view = document.createElement("div"), inputs = {};
    el.append(sliders, view);
    sliders.style = "display:flex;flex-wrap:wrap;gap:.3em 1.6em;font:14px system-ui,sans-serif;padding:.4em 0";
    for (const [name, [low, high]] of Object.entries(model.get("ranges"))) {
      const label = document.createElement("label"), input = document.createElement("input");
      const text = document.createElement("span");
      Object.assign(input, { type: "range", min: low, max: high, step: (high - low) / 200 });
      input.dataset.lmSuppressShortcuts = "";
      input.oninput = () => {
        model.set("values", { ...model.get("values"), [name]: Number(input.value) });
        model.save_changes();
      };
      label.append(text, input);
      sliders.append(label);
      inputs[name] = [input, text];
    }
    const move = () => {
      for (const [name, value] of Object.entries(model.get("values"))) {
        const [input, text] = inputs[name];
        input.value = value;
        text.textContent = `${name} = ${Number(value).toPrecision(3)} `;
      }
    };
    const steps = () => [...view.querySelectorAll("input.ad-at")];
    const show = () => {
      const focused = document.activeElement && document.activeElement.className === "ad-at";
      view.innerHTML = model.get("html");
      for (const radio of steps())
        radio.onchange = () => {
          model.set("position", Number(radio.id.split("-").pop()));
          model.save_changes();
        };
      if (focused) steps().filter((radio) => radio.checked).forEach((radio) => radio.focus());
    };
    const go = () => {
      const id = String(model.get("position"));
      for (const radio of steps()) radio.checked = radio.id.split("-").pop() === id;
    };
    model.on("change:values", move);
    model.on("change:html", show);
    model.on("change:position", go);
    move();
    show();
  },
};
"""


def live_stepper(
    f: Callable[..., Any], *, forward: bool = False, ranges: Mapping[str, Any] | None = None, **inputs: Any
) -> Any:
    """Show a stepper of `f(**inputs)` with a slider for each number, as a notebook widget.

    Moving a slider runs f and its backward pass again; setting `widget.values` from Python moves the sliders, and
    `widget.position` the step. `widget.stepper` is the present stepper.

    Args:
        f: a function of Tensors, called by keywords, that returns a loss.
        forward: begin with the forward pass.
        ranges: the ends of sliders by name, `{"x": (-1, 1)}`; by default 5 to both sides, or twice the number.
        inputs: numbers, or arrays of few elements, each of which gets a slider.

    Raises RuntimeError where the package anywidget is not installed.
    """
    computed = Live(f, forward, inputs, ranges or {})
    try:
        import anywidget
        import traitlets
    except ImportError:
        raise RuntimeError(
            "a stepper with sliders needs the package anywidget: pip install 'chainrule[widget]'. Without it, "
            "stepper(f(...)) shows one pass, and needs nothing."
        ) from None
    synced = {"sync": True}
    parts = {
        "_esm": _ESM, "ranges": traitlets.Dict().tag(**synced), "values": traitlets.Dict().tag(**synced),
        "html": traitlets.Unicode().tag(**synced), "position": traitlets.Int(1).tag(**synced),
        "stepper": property(lambda widget: computed.stepper),
    }  # fmt: skip
    widget: Any = type("LiveStepper", (anywidget.AnyWidget,), parts)(
        ranges=computed.ranges, values=computed.values, html=computed.html(), position=computed.stepper.position
    )

    def moved(change: Any) -> None:
        computed.update(widget.values)
        widget.html = computed.html()

    def stepped(change: Any) -> None:
        computed.stepper.goto(min(max(0, widget.position), len(computed.stepper)))

    widget.observe(moved, "values")
    widget.observe(stepped, "position")
    return widget


class Live:
    """What the widget shows: the numbers, and the stepper that they make."""

    def __init__(
        self, f: Callable[..., Any], forward: bool, inputs: Mapping[str, Any], ranges: Mapping[str, Any]
    ) -> None:
        self.f, self.forward = f, forward
        self.arrays = {name: np.array(value, dtype=float) for name, value in inputs.items()}
        self.values: dict[str, float] = {}
        self.ranges: dict[str, tuple[float, float]] = {}
        for name, array in self.arrays.items():
            if array.size > FEW:
                raise ValueError(
                    f"{name} has {array.size} elements, and at most {FEW} get a slider: close over it instead"
                )
            for index in np.ndindex(array.shape):
                label = f"{name}{list(index)}" if index else name
                value = self.values[label] = float(array[index])
                low, high = ranges.get(label, ranges.get(name, (-max(5.0, 2 * abs(value)), max(5.0, 2 * abs(value)))))
                self.ranges[label] = float(low), float(high)
        self.stepper = self.computed(self.values)
        self.stepper.goto(1)

    def update(self, values: Mapping[str, float]) -> None:
        """Compute everything anew from these numbers; the position stays."""
        position = self.stepper.position
        self.stepper = self.computed(values)
        self.stepper.goto(min(position, len(self.stepper)))

    def computed(self, values: Mapping[str, float]) -> Stepper:
        """The stepper that these numbers make."""
        self.values = {name: float(values[name]) for name in self.values}
        tensors: dict[str, Tensor] = {}
        for name, array in self.arrays.items():
            new = np.array(array)
            for index in np.ndindex(array.shape):
                new[index] = self.values[f"{name}{list(index)}" if index else name]
            tensors[name] = Tensor(new, requires_grad=True, name=name)
        loss = self.f(**tensors)
        if type(loss) is not Tensor:
            raise TypeError(f"f returns a Tensor, the loss; this one returned {type(loss).__name__}")
        options = {"forward": self.forward, "accumulate": False, "retain_graph": True, "create_graph": False}
        return make_stepper([loss], [None], {}, calls=None, **options)

    def html(self) -> str:
        """The page."""
        return self.stepper.html()
