"""The models of the zoo beside PyTorch: the same parameters, under the names of torchvision where it has the model.

Each reference is written in functions of PyTorch from a state dict, so that it uses the names and nothing else of ours.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as TF

from nn import models


def batch_norm(state, name, x, training, eps=1e-5):
    mean, var = state[f"{name}.running_mean"].clone(), state[f"{name}.running_var"].clone()
    return TF.batch_norm(x, mean, var, state[f"{name}.weight"], state[f"{name}.bias"], training, eps=eps)


def dense(state, name, x):
    return TF.linear(x, state[f"{name}.weight"], state[f"{name}.bias"])


def resnet(state, x, training, counts=(2, 2, 2, 2)):
    def norm(conv, bn, x, **options):
        return batch_norm(state, bn, TF.conv2d(x, state[f"{conv}.weight"], **options), training)

    x = TF.max_pool2d(norm("conv1", "bn1", x, stride=2, padding=3).relu(), 3, 2, 1)
    for stage, count in enumerate(counts):
        for i in range(count):
            name, stride = f"layer{stage + 1}.{i}", 2 if stage and not i else 1
            if f"{name}.conv3.weight" in state:
                y = norm(f"{name}.conv1", f"{name}.bn1", x).relu()
                y = norm(f"{name}.conv2", f"{name}.bn2", y, stride=stride, padding=1).relu()
                y = norm(f"{name}.conv3", f"{name}.bn3", y)
            else:
                y = norm(f"{name}.conv1", f"{name}.bn1", x, stride=stride, padding=1).relu()
                y = norm(f"{name}.conv2", f"{name}.bn2", y, padding=1)
            if f"{name}.downsample.0.weight" in state:
                x = norm(f"{name}.downsample.0", f"{name}.downsample.1", x, stride=stride)
            x = (x + y).relu()
    return dense(state, "fc", x.mean((2, 3)))


def googlenet(state, x, training):
    def conv(name, x, stride=1):
        kernel = state[f"{name}.conv.weight"]
        x = TF.conv2d(x, kernel, stride=stride, padding=kernel.shape[2] // 2)
        return batch_norm(state, f"{name}.bn", x, training, 1e-3).relu()

    def pool(x, size, stride, padding=0):
        return TF.max_pool2d(x, size, stride, padding, ceil_mode=True)

    x = pool(conv("conv1", x, 2), 3, 2)
    x = pool(conv("conv3", conv("conv2", x)), 3, 2)
    for block in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b"):
        name = f"inception{block}"
        branches = [
            conv(f"{name}.branch1", x),
            conv(f"{name}.branch2.1", conv(f"{name}.branch2.0", x)),
            conv(f"{name}.branch3.1", conv(f"{name}.branch3.0", x)),
            conv(f"{name}.branch4.1", pool(x, 3, 1, 1)),
        ]
        x = torch.cat(branches, 1)
        if block == "3b":
            x = pool(x, 3, 2)
        if block == "4e":
            x = pool(x, 2, 2)
    return dense(state, "fc", x.mean((2, 3)))


def alexnet(state, x, training):
    def conv(i, x, **options):
        return TF.conv2d(x, state[f"features.{i}.weight"], state[f"features.{i}.bias"], **options).relu()

    x = TF.max_pool2d(conv(0, x, stride=4, padding=2), 3, 2)
    x = TF.max_pool2d(conv(3, x, padding=2), 3, 2)
    x = conv(10, conv(8, conv(6, x, padding=1), padding=1), padding=1)
    x = TF.adaptive_avg_pool2d(TF.max_pool2d(x, 3, 2), 6).flatten(1)
    x = dense(state, "classifier.4", dense(state, "classifier.1", x).relu()).relu()
    return dense(state, "classifier.6", x)


def vgg(state, x, training, plan="1p1p11p11p11p", norm=False):
    i = 0
    for step in plan:
        if step == "p":
            x, i = TF.max_pool2d(x, 2), i + 1
            continue
        x = TF.conv2d(x, state[f"features.{i}.weight"], state[f"features.{i}.bias"], padding=1)
        if norm:
            i += 1
            x = batch_norm(state, f"features.{i}", x, training)
        x, i = x.relu(), i + 2
    x = TF.adaptive_avg_pool2d(x, 2).flatten(1)
    x = dense(state, "classifier.3", dense(state, "classifier.0", x).relu()).relu()
    return dense(state, "classifier.6", x)


def attend(state, name, x, heads, causal=False):
    width = x.shape[-1]
    packed = TF.linear(x, state[f"{name}.in_proj_weight"], state[f"{name}.in_proj_bias"])
    q, k, v = (part.unflatten(-1, (heads, width // heads)).transpose(1, 2) for part in packed.chunk(3, -1))
    out = TF.scaled_dot_product_attention(q, k, v, is_causal=causal).transpose(1, 2).flatten(2)
    return dense(state, f"{name}.out_proj", out)


def layer_norm(state, name, x, eps=1e-5):
    return TF.layer_norm(x, x.shape[-1:], state[f"{name}.weight"], state[f"{name}.bias"], eps)


def vit(state, x, training):
    x = TF.conv2d(x, state["conv_proj.weight"], state["conv_proj.bias"], stride=4).flatten(2).transpose(1, 2)
    x = torch.cat([state["class_token"].expand(len(x), -1, -1), x], 1) + state["encoder.pos_embedding"]
    for i in range(2):
        name = f"encoder.layers.encoder_layer_{i}"
        x = x + attend(state, f"{name}.self_attention", layer_norm(state, f"{name}.ln_1", x, 1e-6), 2)
        y = TF.gelu(dense(state, f"{name}.mlp.0", layer_norm(state, f"{name}.ln_2", x, 1e-6)))
        x = x + dense(state, f"{name}.mlp.3", y)
    return dense(state, "heads.head", layer_norm(state, "encoder.ln", x, 1e-6)[:, 0])


def gpt(state, tokens, training):
    x = state["tokens.weight"][tokens] + state["positions"][: tokens.shape[1]]
    for i in range(2):
        name = f"blocks.{i}"
        x = x + attend(state, f"{name}.self_attn", layer_norm(state, f"{name}.norm1", x), 2, causal=True)
        y = TF.gelu(dense(state, f"{name}.linear1", layer_norm(state, f"{name}.norm2", x)))
        x = x + dense(state, f"{name}.linear2", y)
    return layer_norm(state, "norm", x) @ state["tokens.weight"].T


def bert(state, tokens, training):
    x = layer_norm(state, "norm", state["tokens.weight"][tokens] + state["positions"][: tokens.shape[1]])
    for i in range(2):
        name = f"blocks.{i}"
        x = layer_norm(state, f"{name}.norm1", x + attend(state, f"{name}.self_attn", x, 2))
        y = dense(state, f"{name}.linear2", TF.gelu(dense(state, f"{name}.linear1", x)))
        x = layer_norm(state, f"{name}.norm2", x + y)
    x = layer_norm(state, "transform_norm", TF.gelu(dense(state, "transform", x)))
    return x @ state["tokens.weight"].T + state["output_bias"]


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape)


WORDS = np.random.default_rng(0).integers(7, size=(2, 5))
F8 = {"dtype": float, "generator": 0}

CASES = {
    "AlexNet": (models.AlexNet(5, 1, width=2, dropout=0.0, **F8), alexnet, normal(2, 1, 70, 64)),
    "VGG11": (models.VGG(11, 5, 1, 2, 8, 2, dropout=0.0, **F8), vgg, normal(2, 1, 64, 32)),
    "VGG13 with batch norm": (
        models.VGG(13, 5, 1, 2, 8, 2, True, 0.0, **F8),
        lambda state, x, training: vgg(state, x, training, "11p11p11p11p11p", True),
        normal(3, 1, 64, 64),
    ),
    "GoogLeNet": (models.GoogLeNet(5, 1, 8, 0.0, **F8), googlenet, normal(3, 1, 70, 64)),
    "ResNet18": (models.ResNet(18, 5, 1, 2, **F8), resnet, normal(3, 1, 64, 48)),
    "ResNet50": (
        models.ResNet(50, 5, 1, 2, **F8),
        lambda state, x, training: resnet(state, x, training, (3, 4, 6, 3)),
        normal(3, 1, 64, 48),
    ),
    "ViT": (models.ViT(8, 4, 5, 1, 8, 2, 2, **F8), vit, normal(3, 1, 8, 8)),
    "GPT": (models.GPT(7, 6, 8, 2, 2, 0.0, **F8), gpt, WORDS),
    "MaskedLM": (models.MaskedLM(7, 6, 6, 8, 2, 2, None, 0.0, **F8), bert, WORDS),
}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients(name, training):
    model, reference, x = CASES[name]
    model.train(training).zero_grad()
    state = {key: torch.tensor(value) for key, value in model.state_dict().items()}
    trained = dict(model.named_parameters())
    for key in trained:
        state[key].requires_grad_()
    used = set()
    expected = reference(_Watched(state, used), torch.tensor(x), training)
    out = model(x)
    scale = abs(expected.detach().numpy()).max()
    np.testing.assert_allclose(out.value, expected.detach(), rtol=1e-9, atol=1e-9 * scale)
    weights = np.random.default_rng(1).normal(size=out.shape)
    (out * weights).sum().backward()
    (expected * torch.tensor(weights)).sum().backward()
    for key, parameter in trained.items():
        wanted = state[key].grad.numpy()
        np.testing.assert_allclose(
            parameter.grad.value, wanted, rtol=1e-6, atol=1e-8 * (1 + abs(wanted).max()), err_msg=key
        )
    assert set(trained) <= used  # nothing of ours has another name


class _Watched(dict):
    """A state dict that notes what is read."""

    def __init__(self, state, used):
        super().__init__(state)
        self.used = used

    def __getitem__(self, key):
        self.used.add(key)
        return super().__getitem__(key)
