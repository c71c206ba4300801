"""Schedules: their closed forms, going on in the middle, and what they refuse."""

import json
import math

import numpy as np
import pytest

import nn
import optim
from optim import lr_scheduler as m
from tests.optim.schedules import SCHEDULES, chains

MAKERS = [
    *(lambda o, name=name, options=options: getattr(m, name)(o, **options) for name, options in SCHEDULES),
    *chains(m),
]


def optimizer(momentum=0.9):
    groups = [{"params": [nn.Parameter([1.0])]}, {"params": [nn.Parameter([1.0])], "lr": 0.3}]
    return optim.SGD(groups, lr=0.05, momentum=momentum)


def rates(o):
    return [(group["lr"], group["momentum"]) for group in o.param_groups]


@pytest.mark.parametrize("number", range(len(MAKERS)))
def test_a_schedule_goes_on_where_it_was(number):
    first = optimizer()
    whole, path = MAKERS[number](first), []
    for step in range(45):
        path.append(rates(first))
        if step == 17:
            states = json.loads(json.dumps([first.state_dict(), whole.state_dict()]))
        whole.step()
    second = optimizer()
    rest = MAKERS[number](second)
    second.load_state_dict(states[0])
    rest.load_state_dict(states[1])
    for step in range(17, 45):
        assert rates(second) == path[step]
        rest.step()
    assert rest.get_last_lr() == whole.get_last_lr() == [group["lr"] for group in first.param_groups]
    assert f"at {whole.last_epoch}: lr " in repr(whole)


@pytest.mark.parametrize(("name", "options"), SCHEDULES)
def test_a_count_leads_to_the_same_rates(name, options):
    a, b = optimizer(), optimizer()
    steps, jump = getattr(m, name)(a, **options), getattr(m, name)(b, **options)
    for epoch in (1, 5, 19, 33, 2):
        while steps.last_epoch < epoch:
            steps.step()
        if steps.last_epoch == epoch:
            jump.step(epoch)
            np.testing.assert_allclose(rates(a), rates(b), rtol=1e-12, atol=1e-15)


def test_starting_in_the_middle():
    o = optimizer()
    schedule = m.StepLR(o, 2)
    for _ in range(4):
        schedule.step()
    later = m.StepLR(o, 2, last_epoch=schedule.last_epoch)
    schedule.step()
    assert later.last_epoch == schedule.last_epoch == 5
    np.testing.assert_allclose(later.get_last_lr(), schedule.get_last_lr())
    with pytest.raises(KeyError, match="StepLR is to start at 3, and group 0 has no 'initial_lr'"):
        m.StepLR(optimizer(), 2, last_epoch=3)


def test_a_plateau_goes_on_where_it_was():
    metrics = [1 / (1 + i) if i < 5 else 0.2 for i in range(30)]
    first, second = optimizer(), optimizer()
    whole = m.ReduceLROnPlateau(first, factor=0.5, patience=2, cooldown=1)
    rest = m.ReduceLROnPlateau(second, factor=0.5, patience=2, cooldown=1)
    for metric in metrics[:11]:
        whole.step(metric)
    second.load_state_dict(first.state_dict())
    rest.load_state_dict(json.loads(json.dumps(whole.state_dict())))
    for metric in metrics[11:]:
        whole.step(metric)
        rest.step(metric)
        assert rates(first) == rates(second)


def test_closed_forms():
    o = optimizer()
    schedule = m.CosineAnnealingLR(o, 10, eta_min=0.01)
    for epoch in range(35):
        expected = [0.01 + (base - 0.01) * (1 + math.cos(math.pi * epoch / 10)) / 2 for base in (0.05, 0.3)]
        np.testing.assert_allclose(schedule.get_last_lr(), expected, rtol=1e-9)
        schedule.step()


def test_constant_zero_comes_back():
    o = optimizer()
    schedule = m.ConstantLR(o, factor=0.0, total_iters=2)
    path = []
    for _ in range(4):
        path.append(schedule.get_last_lr())
        schedule.step()
    assert path == [[0, 0], [0, 0], [0.05, 0.3], [0.05, 0.3]]


def test_betas_are_cycled():
    o = optim.Adam([nn.Parameter([1.0])], betas=(0.9, 0.99))
    schedule = m.OneCycleLR(o, max_lr=0.1, total_steps=10)
    assert o.param_groups[0]["betas"] == (0.95, 0.99)
    for _ in range(2):
        schedule.step()
    assert o.param_groups[0]["betas"] == (0.85, 0.99)
    o.param_groups[0]["params"][0].grad = np.ones(1, np.float32)
    o.step()


def test_own_schedules():
    class Half(m.LRScheduler):
        def factor(self, epoch):
            return 0.5**epoch

    class Nothing(m.LRScheduler):
        pass

    schedule = Half(optimizer())
    schedule.step()
    assert schedule.get_last_lr() == [0.025, 0.15]
    schedule.step(0)
    assert schedule.get_last_lr() == [0.05, 0.3]
    with pytest.raises(TypeError, match="Nothing has neither `factor` nor `get_lr`"):
        Nothing(optimizer())


def test_sequences_begin_anew():
    for make in (chains(m)[3], chains(m)[0]):
        schedule = make(optimizer())
        path = []
        for _ in range(2):
            for _ in range(8):
                path.append(schedule.get_last_lr())
                schedule.step()
            schedule.step(0)
        np.testing.assert_allclose(path[:8], path[8:])


@pytest.mark.parametrize(("error", "match", "call"), [
    (TypeError, "a schedule is for an optimizer, got list", lambda o: m.StepLR([], 3)),
    (ValueError, "StepLR: step_size is an integer of 1 or more, got 0", lambda o: m.StepLR(o, 0)),
    (ValueError, "LinearLR: total_iters is an integer of 1 or more, got 2.5", lambda o: m.LinearLR(o, total_iters=2.5)),
    (ValueError, r"start_factor lies in \(0, 1\], got 0", lambda o: m.LinearLR(o, 0)),
    (ValueError, r"end_factor lies in \[0, 1\], got 2", lambda o: m.LinearLR(o, 0.5, 2)),
    (ValueError, r"ConstantLR: factor lies in \[0, 1\], got 1.5", lambda o: m.ConstantLR(o, 1.5)),
    (ValueError, "T_max is an integer", lambda o: m.CosineAnnealingLR(o, 0)),
    (ValueError, "T_0 is an integer of 1 or more, got 0.5", lambda o: m.CosineAnnealingWarmRestarts(o, 0.5)),
    (ValueError, "an epoch is 0 or more, got -1", lambda o: m.CosineAnnealingWarmRestarts(o, 5).step(-1)),
    (ValueError, "needs total_steps, or epochs and steps_per_epoch, got None", lambda o: m.OneCycleLR(o, 0.1)),
    (ValueError, r"pct_start lies in \[0, 1\]", lambda o: m.OneCycleLR(o, 0.1, 10, pct_start=2.0)),
    (ValueError, '"cos" or "linear", got \'cosine\'', lambda o: m.OneCycleLR(o, 0.1, 10, anneal_strategy="cosine")),
    (ValueError, "max_lr has 3 values for 2 parameter groups", lambda o: m.OneCycleLR(o, [0.1] * 3, 10)),
    (ValueError, "mode is one of triangular, .* got 'saw'", lambda o: m.CyclicLR(o, 0.1, 0.2, mode="saw")),
    (ValueError, "factor lies between 0 and 1, got 2", lambda o: m.ReduceLROnPlateau(o, factor=2)),
    (ValueError, "mode is \"min\" or \"max\", got 'less'", lambda o: m.ReduceLROnPlateau(o, "less")),
    (TypeError, r"write step\(validation_error\)", lambda o: m.ReduceLROnPlateau(o).step()),
    (TypeError, "lr_lambda is a function", lambda o: m.LambdaLR(o, 0.5)),
    (ValueError, "2 schedules need 1 rising milestones", lambda o: m.SequentialLR(o, [m.StepLR(o, 1)] * 2, [])),
    (ValueError, "at least one schedule", lambda o: m.ChainedScheduler([])),
    (TypeError, "number 0 is ReduceLROnPlateau", lambda o: m.ChainedScheduler([m.ReduceLROnPlateau(o)], o)),
    (ValueError, "is a schedule of another optimizer", lambda o: m.ChainedScheduler([m.StepLR(optimizer(), 1)], o)),
    (ValueError, "an epoch is an integer of 0 or more, got 0.3", lambda o: m.StepLR(o, 1).step(0.3)),
    (ValueError, "no state of StepLR: it has nothing", lambda o: m.StepLR(o, 1).load_state_dict(None)),
    (ValueError, "cannot go to 3", lambda o: m.ChainedScheduler([m.StepLR(o, 1)]).step(3)),
    (ValueError, "no state of StepLR: it has nothing", lambda o: m.StepLR(o, 1).load_state_dict({})),
    (ValueError, "needs a state for each", lambda o: m.ChainedScheduler([m.StepLR(o, 1)]).load_state_dict({})),
])  # fmt: skip
def test_errors(error, match, call):
    with pytest.raises(error, match=match):
        call(optimizer())


def test_more_steps_than_there_are():
    schedule = m.OneCycleLR(optimizer(), 0.1, 3)
    for _ in range(3):
        schedule.step()
    with pytest.raises(ValueError, match="OneCycleLR was made for 3 steps, and this is step 4"):
        schedule.step()


def test_without_momentum_there_is_none_to_cycle():
    o = optim.Adagrad([nn.Parameter([1.0])])
    with pytest.raises(ValueError, match="Adagrad has neither momentum nor betas: write cycle_momentum=False"):
        m.OneCycleLR(o, 0.1, 3)


def test_groups_that_came_later():
    o = optimizer()
    schedule = m.StepLR(o, 2)
    o.add_param_group({"params": [nn.Parameter([1.0])]})
    with pytest.raises(ValueError, match="StepLR was made for 2 parameter groups, and the optimizer has 3 now"):
        schedule.step()


def test_a_linear_fall_to_zero_leaves_alone_what_others_set_afterwards():
    o = optimizer()
    schedule = m.ChainedScheduler([m.LinearLR(o, 1.0, 0.0, total_iters=2), m.PolynomialLR(o, total_iters=1)])
    for _ in range(4):
        schedule.step()
    assert [group["lr"] for group in o.param_groups] == [0.0, 0.0]
    for group in o.param_groups:
        group["lr"] = 0.7
    schedule.step()
    assert [group["lr"] for group in o.param_groups] == [0.7, 0.7]


def test_averaging_goes_on_from_the_rate_that_a_sequence_has_come_to():
    o = optimizer()
    schedule = m.SequentialLR(o, [m.ExponentialLR(o, 0.1), m.SWALR(o, 0.02, 2, "linear")], milestones=[3])
    path = []
    for _ in range(6):
        path.append(o.param_groups[0]["lr"])
        schedule.step()
    np.testing.assert_allclose(path, [0.05, 0.005, 0.0005, 0.0005, 0.01025, 0.02])  # not up to 0.05 again


def test_a_cycle_that_comes_later_leaves_the_first_rates_alone():
    o = optimizer()
    schedule = m.SequentialLR(o, [m.ConstantLR(o, 0.1, 9), m.CyclicLR(o, 0.01, 0.2, 2)], milestones=[2])
    path = []
    for _ in range(6):
        path.append(o.param_groups[0]["lr"])
        schedule.step()
    np.testing.assert_allclose(path, [0.005, 0.005, 0.01, 0.105, 0.2, 0.105])
