"""Schedules and their options, for the tests beside this file and for those against PyTorch."""

SCHEDULES = [
    ("LambdaLR", {"lr_lambda": lambda epoch: 0.95**epoch}),
    ("LambdaLR", {"lr_lambda": [lambda epoch: 1 / (1 + epoch), lambda epoch: 0.9**epoch]}),
    ("MultiplicativeLR", {"lr_lambda": lambda epoch: 0.9 if epoch % 2 else 1.05}),
    ("StepLR", {"step_size": 7}), ("StepLR", {"step_size": 3, "gamma": 0.7}),
    ("MultiStepLR", {"milestones": [30, 10, 10, 20]}), ("MultiStepLR", {"milestones": [5, 40], "gamma": 0.5}),
    ("ConstantLR", {}), ("ConstantLR", {"factor": 0.2, "total_iters": 20}),
    ("LinearLR", {}), ("LinearLR", {"start_factor": 0.1, "end_factor": 0.6, "total_iters": 30}),
    ("LinearLR", {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 20}),
    ("ExponentialLR", {"gamma": 0.9}), ("PolynomialLR", {}), ("PolynomialLR", {"total_iters": 40, "power": 2.0}),
    ("CosineAnnealingLR", {"T_max": 10}), ("CosineAnnealingLR", {"T_max": 60, "eta_min": 0.01}),
    ("CosineAnnealingLR", {"T_max": 1, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 5}),
    ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2, "eta_min": 0.01}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 50, "cycle_momentum": True}),
    ("OneCycleLR", {"max_lr": [0.5, 0.7], "epochs": 6, "steps_per_epoch": 10, "cycle_momentum": False,
                    "anneal_strategy": "linear", "pct_start": 0.5, "div_factor": 10.0, "final_div_factor": 100.0}),
    ("OneCycleLR", {"max_lr": 0.5, "total_steps": 60, "three_phase": True, "cycle_momentum": True,
                    "base_momentum": 0.6, "max_momentum": [0.7, 0.8]}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 7, "cycle_momentum": True}),
    ("CyclicLR", {"base_lr": [0.01, 0.02], "max_lr": 0.2, "step_size_up": 4, "step_size_down": 9,
                  "mode": "triangular2", "cycle_momentum": True, "base_momentum": 0.5}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 5, "mode": "exp_range", "gamma": 0.98,
                  "cycle_momentum": False}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 5, "scale_fn": lambda x: 1 / x,
                  "cycle_momentum": True}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 5, "scale_fn": lambda x: 0.99**x,
                  "scale_mode": "iterations", "cycle_momentum": False}),
    ("SWALR", {"swa_lr": 0.01}), ("SWALR", {"swa_lr": [0.5, 0.1], "anneal_epochs": 20, "anneal_strategy": "linear"}),
    ("SWALR", {"swa_lr": 0.01, "anneal_epochs": 0}),
]  # fmt: skip


def chains(m):
    """Ways to put schedules of a module together, ours or PyTorch's."""
    return [
        lambda o: m.ChainedScheduler([m.ConstantLR(o, 0.1, 8), m.ExponentialLR(o, 0.9)]),
        lambda o: m.ChainedScheduler([m.LinearLR(o, 0.1, 1.0, 10), m.StepLR(o, 9, 0.5), m.CosineAnnealingLR(o, 30)]),
        lambda o: m.SequentialLR(o, [m.ConstantLR(o, 0.1, 8), m.ExponentialLR(o, 0.9)], milestones=[20]),
        lambda o: m.SequentialLR(
            o, [m.LinearLR(o, 0.1, 1.0, 5), m.CosineAnnealingLR(o, 20), m.StepLR(o, 4, 0.5)], milestones=[5, 25]
        ),
        lambda o: m.SequentialLR(
            o, [m.LinearLR(o, 0.1, 1.0, 5), m.CosineAnnealingWarmRestarts(o, 4, 2, 0.001)], milestones=[6]
        ),
        lambda o: m.SequentialLR(o, [m.LambdaLR(o, lambda e: 0.5**e), m.PolynomialLR(o, 10, 2.0)], milestones=[4]),
        lambda o: m.SequentialLR(o, [m.PolynomialLR(o, 40), m.MultiplicativeLR(o, lambda e: 0.9)], milestones=[9]),
        lambda o: m.ChainedScheduler([m.CyclicLR(o, 0.1, 0.4, 5), m.LinearLR(o, 1.0, 0.0, 3)]),
    ]
