"""`Module`: plain attributes and a `forward`. Parameters are found by walking the attributes."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self, TypeVar

import numpy as np

from autodiff.config import OBSERVED, part
from autodiff.errors import describe
from autodiff.graph import CALLER, INTERNAL, Caller, enter_by, is_internal
from autodiff.tensor import Tensor

from .hooks import Handle, Hooks
from .parameter import Parameter, is_parameter, told
from .state import Loaded, load, saved

__all__ = ["Module", "Parameter"]


Found = TypeVar("Found")


class Module:
    """A part of a network: tensors and modules as attributes, and `forward` to compute with.

    An attribute made by `nn.Parameter` is a parameter, any other Tensor that is not computed a
    buffer, be it the attribute itself or inside a list, tuple or dict. There is nothing to
    register, and no `super().__init__()` to forget.

    >>> class Scale(Module):
    ...     def __init__(self):
    ...         self.factor = Parameter(3.0)
    ...     def forward(self, x):
    ...         return self.factor * x
    >>> Scale()(2.0).item(), [name for name, _ in Scale().named_parameters()]
    (6.0, ['factor'])
    """

    training = True
    _hooks: Hooks | None = None
    _like: _Model | None = None  # the one that a transform has made this one like
    _transient: frozenset[str] = frozenset()  # names of buffers that are not saved

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, value in vars(cls).items():
            if isinstance(value, Module) or is_parameter(value):
                raise TypeError(
                    f"{cls.__name__}.{name} stands in the class, so that all {cls.__name__} modules would share it and "
                    f"none would find it: write self.{name} = ... in __init__"
                )

    def __setattr__(self, name: str, value: Any) -> None:
        if value is not None and not is_parameter(value) and is_parameter(vars(self).get(name)):
            raise TypeError(
                f"{name} is a parameter of this {type(self).__name__}, and {told(value)} in its place would not be "
                f"trained. Write nn.init.fill_(module.{name}, value) to change its numbers, `module.{name} -= ...` in "
                f"no_grad(), or module.{name} = nn.Parameter(value); for anything else `del` it first."
            )
        object.__setattr__(self, name, value)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Compute the output; every module writes its own."""
        raise NotImplementedError(
            f"{type(self).__name__} has no forward. Write `def forward(self, x): ...` in the class."
        )

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        frame = sys._getframe(1)
        token, name = None, frame.f_globals.get("__name__")
        if not (INTERNAL[name] if name in INTERNAL else is_internal(name)):
            caller = Caller(frame)
            token = CALLER.set(caller)  # source lines of the ops inside are those of this call
        try:
            if OBSERVED:
                with part(self):
                    return self._forward_with_hooks(inputs, options)
            if self._hooks is not None:
                return self._hooks.call(self, inputs, options)
            return self.forward(*inputs, **options)
        except Exception as error:
            with suppress(Exception):  # a broken extra_repr must not hide what happened
                error.add_note(f"in {type(self).__name__}({self.extra_repr()})")
            raise
        finally:
            if token is not None:
                CALLER.reset(token)
                caller.frame = None

    def _forward_with_hooks(self, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        return self.forward(*inputs, **options) if self._hooks is None else self._hooks.call(self, inputs, options)

    # -- what it holds ----------------------------------------------------------------------------

    def _held(self) -> Iterator[tuple[str, Tensor | Module]]:
        """The tensors and modules among the attributes, with lists, tuples and dicts opened."""
        opened: set[int] = set()
        stack: list[tuple[str, Any]] = list(vars(self).items())[::-1]
        while stack:
            name, value = stack.pop()
            if type(value) is Tensor or isinstance(value, Module):
                yield name, value
            elif isinstance(value, list | tuple | dict) and id(value) not in opened:
                opened.add(id(value))
                items = value.items() if isinstance(value, dict) else enumerate(value)
                stack += [(f"{name}.{key}", item) for key, item in items][::-1]
            elif isinstance(value, set | frozenset | deque) and any(isinstance(v, Module | Tensor) for v in value):
                raise TypeError(
                    f"{name} is a {type(value).__name__}, which has no names for the modules and tensors in it: use a "
                    "list or a dict"
                )

    def _walk(self, once: bool = True) -> Iterator[tuple[str, Module]]:
        """This module and those below it, parents first: each once, or once per path to it."""
        seen: set[int] = set()
        stack: list[tuple[str | None, Module]] = [("", self)]
        while stack:
            name, module = stack.pop()
            if name is None:  # all below it is done
                seen.discard(id(module))
            elif id(module) not in seen:
                seen.add(id(module))
                yield name, module
                if not once:
                    stack.append((None, module))
                prefix = name and name + "."
                below = [(prefix + key, held) for key, held in module._held()]
                stack += [(key, held) for key, held in below if isinstance(held, Module)][::-1]

    def _tensors(
        self, once: bool = True, recurse: bool = True, saved: bool = False, trained: bool | None = None
    ) -> Iterator[tuple[str, Tensor]]:
        """Parameters and buffers, or one kind: each once, or under each name; all, or those that are saved."""
        if self._like is not None:
            names = self._like.model._tensors(once, recurse, saved, trained)
            yield from ((name, _at(self, name)) for name, _ in names)
            return
        seen: set[Tensor] = set()
        named: dict[str, Tensor] = {}
        for name, module in self._walk(once) if recurse else [("", self)]:
            prefix = name and name + "."
            module._check_complete(name)
            for key, held in module._held():
                if isinstance(held, Module) or held.node is not None or held in seen:
                    continue
                if once:
                    seen.add(held)
                if held.requires_grad and not held.is_parameter:
                    raise TypeError(
                        f"{prefix}{key} requires grad but is no parameter, so that no "
                        f"optimizer would find it. Write self.{key} = nn.Parameter(...), or "
                        "requires_grad=False for a buffer."
                    )
                if saved and not held.is_parameter and key in module._transient:
                    continue
                if trained is None or trained == held.is_parameter:
                    if named.setdefault(prefix + key, held) is not held:
                        raise ValueError(
                            f"two tensors of this {type(self).__name__} have the name {prefix + key}, and only one of "
                            "them could be saved: rename a key"
                        )
                    yield prefix + key, held

    def _check_complete(self, name: str) -> None:
        """Raise if there are parameters to come (nn/lazy.py)."""

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Parameters with their names, such as "0.weight"; a tied one under its first name.

        Args:
            prefix: stands before each name, with a dot.
            recurse: whether to look below this module's own attributes.
            remove_duplicate: False gives a tied one under each of its names.
        """
        prefix = prefix and prefix + "."
        return ((prefix + name, t) for name, t in self._tensors(remove_duplicate, recurse, trained=True))

    def parameters(self, recurse: bool = True) -> Iterator[Tensor]:
        """Parameters of this module and all modules below it, each once."""
        return (t for _, t in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Buffers (tensors that are not trained) with their names; arguments as for `named_parameters`."""
        prefix = prefix and prefix + "."
        return ((prefix + name, t) for name, t in self._tensors(remove_duplicate, recurse, trained=False))

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Buffers of this module and all modules below it, each once."""
        return (t for _, t in self.named_buffers(recurse=recurse))

    def named_modules(self, prefix: str = "", remove_duplicate: bool = True) -> Iterator[tuple[str, Module]]:
        """This module, named "", and all modules below it, each once, parents first."""
        return ((prefix + "." * bool(prefix and name) + name, module) for name, module in self._walk(remove_duplicate))

    def modules(self) -> Iterator[Module]:
        """This module and all modules below it, each once, parents first."""
        return (module for _, module in self._walk())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules that this one holds itself, with their names."""
        seen: set[int] = set()
        for name, held in self._held():
            if isinstance(held, Module) and id(held) not in seen:
                seen.add(id(held))
                yield name, held

    def children(self) -> Iterator[Module]:
        """The modules that this one holds itself."""
        return (child for _, child in self.named_children())

    def get_submodule(self, target: str) -> Module:
        """The module of that name, as `named_modules` gives it; "" is this one.

        Raises AttributeError that lists what is there.
        """
        return self._find(target, self._walk(once=False), "module")

    def get_parameter(self, target: str) -> Tensor:
        """The parameter of that name, as `named_parameters` gives it. Raises AttributeError."""
        return self._find(target, self.named_parameters(remove_duplicate=False), "parameter")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer of that name, as `named_buffers` gives it. Raises AttributeError."""
        return self._find(target, self.named_buffers(remove_duplicate=False), "buffer")

    def _find(self, target: str, named: Iterable[tuple[str, Found]], what: str) -> Found:
        found = dict(named)
        if target not in found:
            names = ", ".join(name for name in found if name) or "none"
            raise AttributeError(f"{type(self).__name__} has no {what} {target!r}. It has {names}.")
        return found[target]

    def num_parameters(self, trainable: bool = False) -> int:
        """Number of elements of all parameters, or of those that require grad."""
        return sum(p.size for p in self.parameters() if p.requires_grad or not trainable)

    # -- adding by name: `self.name = value` does the same ------------------------------------------

    def register_parameter(self, name: str, param: Any) -> None:
        """Add a parameter, or None for one that there might have been."""
        if param is not None and not is_parameter(param):
            raise TypeError(f"parameter {name!r} is made by nn.Parameter(...), or None; got {told(param)}")
        self._add_attribute(name, param, is_parameter)

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Add a tensor that is not trained: running statistics, a mask, a table of positions.

        Args:
            tensor: a Tensor, an array or a number; None for a buffer that there might have been.
            persistent: False leaves it out of `state_dict`.

        >>> table = Module()
        >>> table.register_buffer("positions", np.arange(3), persistent=False)
        >>> [name for name, _ in table.named_buffers()], table.state_dict()
        (['positions'], {})

        Raises KeyError for a name that is taken or has a dot, TypeError for a tensor that requires grad.
        """
        if type(tensor) is not Tensor and tensor is not None:
            tensor = Tensor(tensor)
        if tensor is not None and (tensor.requires_grad or tensor.is_parameter):
            raise TypeError(f"buffer {name!r} would be trained, as it requires grad or is a parameter: detach() it")
        self._add_attribute(name, tensor, lambda held: type(held) is Tensor and not held.is_parameter)
        self._transient = self._transient - {name} if persistent else self._transient | {name}

    def register_module(self, name: str, module: Module | None) -> None:
        """Add a module, or None for one that there might have been."""
        if module is not None:
            modules_only([module], f"register_module({name!r})")
        self._add_attribute(name, module, lambda held: isinstance(held, Module))

    add_module = register_module

    def _add_attribute(self, name: Any, value: Any, same_kind: Callable[[Any], bool]) -> None:
        if not isinstance(name, str) or not name or "." in name:
            raise KeyError(f"a name is a string without dots, got {name!r}")
        held = getattr(self, name, None)
        if hasattr(self, name) and not (name in vars(self) and (held is None or same_kind(held))):
            raise KeyError(f"{type(self).__name__} has an attribute {name!r} already; choose another name")
        setattr(self, name, value)

    def set_submodule(self, target: str, module: Module) -> None:
        """Put a module in the place of the one of that name, as `named_modules` gives it.

        >>> import nn
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU()))
        >>> model.set_submodule("1.0", nn.Tanh())
        >>> model[1]
        Sequential(
          (0): Tanh()
        )

        Raises AttributeError that lists what is there, TypeError for what is no module.
        """
        modules_only([module], f"set_submodule({target!r})")
        if not target:
            raise ValueError('the module itself, "", cannot be replaced')
        self.get_submodule(target)
        above, _, name = target.rpartition(".")
        holder = _at(self, above) if above else self
        if isinstance(holder, Module):
            setattr(holder, name, module)
        elif isinstance(holder, list):
            holder[int(name)] = module
        elif isinstance(holder, dict):
            holder[next(key for key in holder if str(key) == name)] = module
        else:
            raise TypeError(f"{above} is a {type(holder).__name__}, whose parts cannot be replaced: use a list")

    # -- hooks ------------------------------------------------------------------------------------

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> Handle:
        """Call `hook(module, args)` before forward; what it returns, if not None, takes the arguments' place.

        With kwargs it is `hook(module, args, kwargs)`, which returns None or a pair of both.
        """
        return self._hook("before", (hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> Handle:
        """Call `hook(module, args, output)` after forward; what it returns, if not None, is the output instead.

        Args:
            prepend: whether before the hooks that are there already, or after them.
            with_kwargs: whether to call `hook(module, args, kwargs, output)`.
            always_call: whether also after an error, with None for the output.

        Returns a handle: `handle.remove()` takes the hook off, as does the end of a `with` block.

        >>> import nn
        >>> layer = nn.Linear(3, 2)
        >>> with layer.register_forward_hook(lambda module, args, output: print(output.shape)):
        ...     _ = layer(np.ones((4, 3)))
        (4, 2)
        """
        return self._hook("after", (hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call `hook(module, grad_output)` when a backward pass knows the gradients of the outputs.

        What it returns, if not None, takes their place.
        """
        return self._hook("gradient_before", hook, prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call `hook(module, grad_input, grad_output)` when a backward pass knows the gradients of the inputs.

        Both are tuples of Tensors, None for what has no gradient; only positional arguments count, and outputs that are
        a Tensor or a tuple, list or dict of them. What the hook returns, if not None, takes the place of `grad_input`.

        >>> import nn
        >>> from autodiff import Tensor
        >>> double, x = nn.Sequential(nn.Identity()), Tensor(3.0, requires_grad=True)
        >>> _ = double.register_full_backward_hook(lambda module, grad_input, grad_output: (2 * grad_input[0],))
        >>> double(x).backward()
        >>> x.grad
        Tensor(2.0)
        """
        return self._hook("gradient_after", hook, prepend)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(module, prefix, keep_vars)` before `state_dict` of this module or one above it begins."""
        return self._hook("before_saving", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(module, state_dict, prefix, local_metadata)` when a state is complete; it may change the dict."""
        return self._hook("after_saving", hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call a hook before a state is loaded, which may change it: rename what was saved under older names, say.

        It is `hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)`; the
        dict is a copy, and what it appends to the three lists counts as found.

        >>> import nn
        >>> layer = nn.Linear(1, 1, bias=False)
        >>> def rename(module, state_dict, prefix, *others):
        ...     state_dict[prefix + "weight"] = state_dict.pop(prefix + "w")
        >>> _ = layer.register_load_state_dict_pre_hook(rename)
        >>> layer.load_state_dict({"w": [[2.0]]}), layer.weight.item()
        (Loaded(missing_keys=[], unexpected_keys=[]), 2.0)
        """
        return self._hook("before_loading", hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(module, incompatible_keys)` after a state is loaded, with what `load_state_dict` returns."""
        return self._hook("after_loading", hook)

    def _hook(self, kind: str, hook: Any, prepend: bool = False) -> Handle:
        if self._hooks is None:
            self._hooks = Hooks()
        return self._hooks.add(kind, hook, prepend)

    # -- changing all of it -----------------------------------------------------------------------

    def apply(self, function: Callable[[Module], Any]) -> Self:
        """Call a function with every module, children first, and return this one."""
        seen: set[int] = set()
        stack: list[tuple[Module, bool]] = [(self, False)]
        while stack:
            module, children_done = stack.pop()
            if children_done:
                function(module)
            elif id(module) not in seen:
                seen.add(id(module))
                stack.append((module, True))
                stack += [(child, False) for child in module.children()][::-1]
        return self

    def train(self, mode: bool = True) -> Self:
        """Set `training` here and below: dropout and its like act in training only."""
        if mode not in (True, False):
            raise ValueError(f"training is True or False, got {mode!r}")
        for module in self.modules():
            module.training = bool(mode)
        return self

    def eval(self) -> Self:
        """Set `training` to False here and below."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze (False) or unfreeze all parameters."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def freeze(self, *names: str) -> Self:
        """Stop training all parameters, or those of the modules and parameters of these names.

        >>> import nn
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)).freeze("0", "1.bias")
        >>> [name for name, p in model.named_parameters() if p.requires_grad]
        ['1.weight']

        Raises AttributeError for a name that no parameter has or begins with.
        """
        for p in self._chosen(names):
            p.requires_grad_(False)
        return self

    def unfreeze(self, *names: str) -> Self:
        """Train all parameters again, or those of these names."""
        for p in self._chosen(names):
            p.requires_grad_()
        return self

    def _chosen(self, names: tuple[str, ...]) -> Iterable[Tensor]:
        if not names:
            return self.parameters()
        named = dict(self.named_parameters(remove_duplicate=False))
        chosen = []
        for name in names:
            found = [p for key, p in named.items() if f"{key}.".startswith(f"{name}.")]
            chosen += found or [self._find(name, named.items(), "parameter")]
        return chosen

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop all parameters' gradients: `.grad` is None until the next backward pass (or zeros, if asked for)."""
        for p in self.parameters():
            p.grad = None if set_to_none or p.grad is None else Tensor(np.zeros(p.grad.shape, p.grad.dtype))

    def astype(self, dtype: Any) -> Self:
        """Cast floating parameters, their gradients and buffers to a floating or complex dtype."""
        dtype = np.dtype(dtype)
        if dtype.kind not in "fc":
            raise TypeError(f"parameters are floating or complex, not {dtype}")
        for module in self.modules():
            module._cast(dtype)
        return self

    def _cast(self, dtype: np.dtype[Any]) -> None:
        for _, t in self._tensors(recurse=False):
            if t.dtype.kind in "fc" and t.dtype != dtype:
                if t.dtype.kind == "c" and dtype.kind != "c":
                    raise TypeError(f"casting {describe(t)} to {dtype} would lose the imaginary part")
                grad, t.grad = t.grad, None
                t.value = t.value.astype(dtype)
                if grad is not None:
                    t.grad = Tensor(grad.value.astype(dtype))

    def to(self, *args: Any, device: Any = None, dtype: Any = None) -> Self:
        """Cast to a dtype, as `astype`, or to that of a Tensor: `to("float64")`, `to("cpu", np.float64)`, `to(other)`.

        There is one device: "cpu" changes nothing, any other is refused.
        """
        for what in (*args, device, dtype):
            kind = what.partition(":")[0] if isinstance(what, str) else ""
            if kind in ("cuda", "mps", "xpu", "meta"):
                raise ValueError(f"everything is computed on the CPU; there is no device {what!r}")
            if what is not None and kind != "cpu":
                self.astype(what.dtype if type(what) is Tensor else what)
        return self

    def cpu(self) -> Self:
        """Return this module: everything is on the CPU."""
        return self

    def type(self, dst_type: Any) -> Self:
        """Cast to a dtype, as `astype`."""
        return self.astype(dst_type)

    def float(self) -> Self:
        """Cast to float32."""
        return self.astype(np.float32)

    def double(self) -> Self:
        """Cast to float64."""
        return self.astype(np.float64)

    def half(self) -> Self:
        """Cast to float16: half the memory, but slow to compute with on a CPU."""
        return self.astype(np.float16)

    def __tree_flatten__(self) -> tuple[list[Tensor], Callable[[Sequence[Any]], Module]]:
        """For transforms: the parameters, and how to make a module like this one with others in their places.

        `grad(loss)(model, x)` gives a module that holds gradients, `slopes[0].weight` or by name in its `state_dict()`;
        all that is no parameter is shared with this one.
        """
        parameters = list(self.parameters())
        return parameters, _Rebuild(self, parameters)

    # -- saving and loading -----------------------------------------------------------------------

    def state_dict(self, *, prefix: str = "", keep_vars: bool = False) -> dict[str, Any]:
        """Return copies of all parameters and buffers as arrays; tied ones stand under each name.

        The names are PyTorch's, the values plain data: `np.savez(path, **model.state_dict())`.

        Args:
            prefix: stands before each name, as it is: "net." with its dot.
            keep_vars: whether to return the Tensors themselves.
        """
        return saved(self, prefix, keep_vars)

    def load_state_dict(self, state: Mapping[str, Any], strict: bool = True) -> Loaded:
        """Write saved values into the parameters and buffers of the same names.

        Args:
            state: arrays (or Tensors) by name; they are cast to the dtypes that stand here.
            strict: whether every name must be on both sides. Otherwise the others are left alone.

        Returns the names that were missing and those that were unexpected. Raises ValueError that
        lists all that does not fit, names and shapes; then nothing has been changed.

        >>> import nn
        >>> nn.Linear(2, 1).load_state_dict({"weight": np.ones((1, 2)), "bias": np.zeros(1)})
        Loaded(missing_keys=[], unexpected_keys=[])
        """
        return load(self, state, strict)

    def _complete_from(self, state: Mapping[str, Any], prefix: str) -> None:
        """Make the parameters that are still to come, of the sizes in a state (nn/lazy.py)."""

    # -- text -------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What the printed tree says between the parentheses of this module."""
        return ""

    def __repr__(self) -> str:
        lines: list[str] = []
        above: set[int] = set()
        stack: list[tuple[int, str, Module | None]] = [(0, "", self)]
        while stack:
            depth, label, module = stack.pop()
            indent = "  " * depth
            if module is None:  # close what was opened; `label` tells what
                above.discard(int(label))
                lines.append(f"{indent})")
                continue
            extra = module.extra_repr()
            inside = [(n, m) for n, m in module._held() if isinstance(m, Module)]
            head = f"{indent}{label}{type(module).__name__}("
            if not inside or id(module) in above:
                lines.append(f"{head}{'...' if inside else extra})")
                continue
            above.add(id(module))
            lines += [head] + [f"{indent}  {extra}"] * bool(extra)
            stack.append((depth, str(id(module)), None))
            stack += [(depth + 1, f"({name}): ", child) for name, child in inside[::-1]]
        return "\n".join(lines)


enter_by(Module.__call__.__code__)


class _Model:
    """Holds the module whose parameters say which tensors of another one, computed or not, stand in their places."""

    def __init__(self, model: Module) -> None:
        self.model = model


def _at(module: Any, name: str) -> Any:
    """What a module holds under a name such as "heads.1.weight"."""
    held = module
    for key in name.split("."):
        if isinstance(held, list | tuple):
            held = held[int(key)]
        else:
            items = held if isinstance(held, dict) else vars(held)
            held = items[key] if key in items else {str(k): v for k, v in items.items()}[key]
    return held


class _Rebuild:
    """Makes modules like one, of other parameters."""

    def __init__(self, model: Module, parameters: Sequence[Tensor]) -> None:
        self.model, self.parameters = model, parameters

    def __call__(self, values: Sequence[Any]) -> Module:
        made: dict[int, Any] = {id(p): value for p, value in zip(self.parameters, values, strict=True)}
        twin: Module = self._copy(self.model, made)
        return twin

    def _copy(self, value: Any, made: dict[int, Any]) -> Any:
        """The value with parameters replaced: modules and containers are new, each once; all else is shared."""
        if id(value) in made:
            return made[id(value)]
        if isinstance(value, Module):
            twin = made[id(value)] = object.__new__(type(value))
            for name, held in vars(value).items():
                object.__setattr__(twin, name, self._copy(held, made))
            object.__setattr__(twin, "_like", value._like or _Model(value))
            return twin
        if type(value) is list or type(value) is tuple:
            return type(value)([self._copy(part, made) for part in value])
        if type(value) is dict:
            return {key: self._copy(part, made) for key, part in value.items()}
        return value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rebuild) and self.names() == other.names()

    def __hash__(self) -> int:
        return hash(self.names())

    def names(self) -> tuple[Any, ...]:
        """What two modules of one structure have in common."""
        return type(self.model), *(name for name, _ in self.model.named_parameters())


def with_tensors(module: Module, tensors: Sequence[Tensor], values: Sequence[Any]) -> Module:
    """A module like this one with values, computed or not, in the places of some of its tensors."""
    return _Rebuild(module, tensors)(values)


def check_sizes(**sizes: Any) -> None:
    """Raise ValueError for a size that is no positive integer: `check_sizes(in_features=n)`."""
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
            raise ValueError(f"{name} is an integer of at least 1, got {size!r}")


def modules_only(modules: Iterable[Any], where: str) -> None:
    """Raise TypeError for the first thing that is no Module."""
    for module in modules:
        if isinstance(module, type) and issubclass(module, Module):
            raise TypeError(f"{where} holds modules; {module.__name__} is a class: write {module.__name__}()")
        if not isinstance(module, Module):
            raise TypeError(
                f"{where} holds modules, got {module!r}. Functions have module forms, such as nn.ReLU() for relu."
            )
