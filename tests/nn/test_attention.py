import numpy as np
import pytest

import autodiff as ad
import nn
import nn.functional as F
from autodiff.tensor import Tensor

RNG = np.random.default_rng(0)


def heads(*shapes):
    return [Tensor(RNG.normal(size=s), requires_grad=True) for s in shapes]


def test_attention_by_hand():
    q, k, v = np.array([[2.0, 0.0]]), np.eye(2), np.array([[1.0], [3.0]])
    out = F.scaled_dot_product_attention(q, k, v)
    weight = 1 / (1 + np.exp(-2 / np.sqrt(2)))
    np.testing.assert_allclose(out, [[weight + 3 * (1 - weight)]])
    np.testing.assert_allclose(F.scaled_dot_product_attention(q, k, v, scale=0.0), [[2.0]])


def test_masks_of_booleans_and_of_numbers_are_the_same():
    q, k, v = heads((2, 3, 4), (2, 5, 4), (2, 5, 4))
    allowed = RNG.random((3, 5)) < 0.7
    allowed[:, 0] = True
    a = F.scaled_dot_product_attention(q, k, v, allowed)
    b = F.scaled_dot_product_attention(q, k, v, np.where(allowed, 0.0, -np.inf))
    np.testing.assert_array_equal(a.value, b.value)
    c = F.scaled_dot_product_attention(q, k, v, np.tri(3, 5, dtype=bool))
    d = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    np.testing.assert_array_equal(c.value, d.value)


def test_a_query_that_may_attend_to_nothing_gets_zeros_and_gives_no_gradient():
    q, k, v = heads((3, 4), (2, 4), (2, 4))
    allowed = np.array([[True, True], [False, False], [True, False]])
    out = F.scaled_dot_product_attention(q, k, v, allowed)
    out.sum().backward()
    assert not out.value[1].any()
    assert not q.grad.value[1].any()
    assert all(np.isfinite(x.grad.value).all() for x in (q, k, v))
    second = ad.gradients((F.scaled_dot_product_attention(q, k, v, allowed) ** 2).sum(), [q, k], create_graph=True)
    again = ad.gradients(sum((g * g).sum() for g in second), [q, k, v])
    assert all(np.isfinite(g.value).all() for g in again)
    m = nn.MultiheadAttention(4, 2, generator=0)
    for need_weights in (True, False):
        out, weights = m(q, k, v, attn_mask=~allowed, need_weights=need_weights)
        np.testing.assert_array_equal(out.value[1], m.out_proj.bias.value)
    assert weights is None


def test_dropout_of_weights_keeps_the_mean_and_goes_back_the_same_way():
    q, k, v = np.zeros((1, 4)), np.zeros((20_000, 4)), Tensor(np.ones((20_000, 1)), requires_grad=True)
    out = F.scaled_dot_product_attention(q, k, v, dropout_p=0.5, generator=0)
    assert abs(out.item() - 1) < 0.03
    out.sum().backward()
    np.testing.assert_allclose(np.unique(v.grad.value), [0, 2 / 20_000])
    a, b = (F.scaled_dot_product_attention(q, k, v, dropout_p=0.5, generator=1).item() for _ in range(2))
    assert a == b
    assert F.scaled_dot_product_attention(q, k, v, dropout_p=1.0).item() == 0


def test_heads_of_keys_may_serve_several_of_queries():
    q, k, v = heads((2, 6, 3, 4), (2, 2, 5, 4), (2, 3, 5, 4))
    out = F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
    many = F.scaled_dot_product_attention(q, np.repeat(k.value, 3, 1), np.repeat(v.value, 2, 1))
    np.testing.assert_array_equal(out.value, many.value)
    with pytest.raises(ValueError, match="a multiple of key's and value's"):
        F.scaled_dot_product_attention(q[:, :5], k, v, enable_gqa=True)


def test_large_scores_do_not_overflow():
    q, k, v = (Tensor(np.eye(2, dtype="float32") * 1e18, requires_grad=True) for _ in range(3))
    out = F.scaled_dot_product_attention(q, k, v)
    out.sum().backward()
    assert np.isfinite(out.value).all()
    assert out.dtype == q.grad.dtype == "float32"


def test_errors_of_attention():
    x = np.ones((2, 3, 4))
    with pytest.raises(ValueError, match=r"key \(..., S, E\).*got query float64 \(2, 3, 4\), key float64 \(3, 5\)"):
        F.scaled_dot_product_attention(x, np.ones((3, 5)), x)
    with pytest.raises(ValueError, match=r"attn_mask must broadcast to the scores' shape \(2, 3, 3\), got \(2, 3\)"):
        F.scaled_dot_product_attention(x, x, x, np.ones((2, 3), bool))
    with pytest.raises(TypeError, match=r"attn_mask holds booleans, or floating numbers.*got int64 \(3, 3\)"):
        F.scaled_dot_product_attention(x, x, x, np.ones((3, 3), int))
    with pytest.raises(TypeError, match="real floating numbers"):
        F.scaled_dot_product_attention(x.astype(int), x, x)
    with pytest.raises(ValueError, match="before the last two must broadcast: axis -1 has lengths 2 and 3"):
        F.scaled_dot_product_attention(x, np.ones((3, 3, 4)), x)
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\], got 2"):
        F.scaled_dot_product_attention(x, x, x, dropout_p=2)


def test_errors_of_several_heads():
    with pytest.raises(ValueError, match="embed_dim 6 is not divisible by num_heads 4"):
        nn.MultiheadAttention(6, 4)
    m, x = nn.MultiheadAttention(6, 2), np.ones((5, 3, 6))
    with pytest.raises(ValueError, match=r"attn_mask has shape \(5, 5\), or \(6, 5, 5\).*got bool \(3, 5\)"):
        m(x, x, x, attn_mask=np.ones((3, 5), bool))
    with pytest.raises(ValueError, match=r"key_padding_mask has shape \(3, 5\), \(batch, keys\); got bool \(5, 3\)"):
        m(x, x, x, key_padding_mask=np.ones((5, 3), bool))
    with pytest.raises(TypeError, match="key_padding_mask holds booleans"):
        m(x, x, x, key_padding_mask=np.ones((3, 5), int))
    with pytest.raises(ValueError, match=r"query, key and value have 6, 6 and 6 features; got .* \(5, 3, 4\)"):
        m(x, x, np.ones((5, 3, 4)))
    with pytest.raises(ValueError, match="3 axes each, or 2 without a batch"):
        m(x, x[0], x[0])
    with pytest.raises(ValueError, match=r"dropout probability must lie in \[0, 1\]"):
        nn.MultiheadAttention(6, 2, dropout=-1)


def test_weights_sum_to_one_and_initial_values_come_from_the_generator():
    m = nn.MultiheadAttention(6, 2, generator=1, add_bias_kv=True)
    x = RNG.normal(size=(5, 3, 6))
    _, weights = m(x, x, x)
    np.testing.assert_allclose(weights.value.sum(-1), 1, rtol=1e-6)
    same = nn.MultiheadAttention(6, 2, generator=1, add_bias_kv=True)
    np.testing.assert_array_equal(m(x, x, x)[0].value, same(x, x, x)[0].value)
    assert not m.in_proj_bias.value.any()


def test_keys_that_are_added_are_for_all_queries_under_is_causal_too():
    x = RNG.normal(size=(3, 2, 4))
    m = nn.MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True, dtype="float64", generator=0)
    later = np.triu(np.ones((3, 3), bool), 1)
    for padding in (None, np.array([[False, True, False]] * 2)):
        for need in (True, False):
            out, weights = m(x, x, x, padding, need_weights=need, is_causal=True)
            same, as_before = m(x, x, x, padding, need_weights=need, attn_mask=later)
            np.testing.assert_allclose(out.value, same.value, rtol=1e-12)
            if need:
                np.testing.assert_allclose(weights.value, as_before.value, rtol=1e-12)
                assert (weights.value[:, :, 3:] > 0).all()


def test_static_keys_and_values():
    m, x = nn.MultiheadAttention(4, 2, dtype="float64", generator=0), RNG.normal(size=(3, 1, 4))
    whole, _ = m(x, x, x)
    k, v = (F.linear(x, m.in_proj_weight[i : i + 4]) for i in (4, 8))  # (3, 1, 4)
    k, v = (t.reshape((3, 2, 2)).transpose((1, 0, 2)) for t in (k, v))
    out, _ = F.multi_head_attention_forward(
        x, x, x, 4, 2, m.in_proj_weight, m.in_proj_bias, None, None, False, 0.0, m.out_proj.weight, m.out_proj.bias,
        static_k=k, static_v=v,
    )  # fmt: skip
    np.testing.assert_allclose(out.value, whole.value)


def test_positions_of_sines():
    out = nn.SinusoidalPositions(5)(np.zeros((4, 5)))
    t = np.arange(4)
    for i in range(5):
        angle = t / 10000 ** (i // 2 * 2 / 6)
        np.testing.assert_allclose(out[:, i], np.cos(angle) if i % 2 else np.sin(angle))
    late = nn.SinusoidalPositions(5)(np.zeros((2, 5)), start=2)
    np.testing.assert_allclose(late, out[2:])
    both = nn.SinusoidalPositions(5, batch_first=False)(np.zeros((4, 2, 5)))
    np.testing.assert_allclose(both[:, 1], out)


def test_positions_that_are_learned():
    m = nn.LearnedPositions(6, 4, dtype="float64", generator=0)
    out = m(np.zeros((2, 3, 4)))
    np.testing.assert_array_equal(out.value[1], m.weight.value[:3])
    out.sum().backward()
    np.testing.assert_array_equal(m.weight.grad.value[:, 0], [2, 2, 2, 0, 0, 0])
    with pytest.raises(ValueError, match=r"there are 6 positions; positions 4 .. 6 were asked for"):
        m(np.zeros((3, 4)), start=4)
    with pytest.raises(ValueError, match=r"takes \(batch, steps, 4\) or \(steps, 4\), got float64 \(3, 5\)"):
        m(np.zeros((3, 5)))


def test_rotary_products_depend_on_distances_alone():
    turn = nn.RotaryPositions(6)
    q, k = RNG.normal(size=(2, 1, 6))
    products = [turn(q, start=s + 3) @ turn(k, start=s).T for s in (0, 5, 90)]
    np.testing.assert_allclose(products[1:], products[:2])
    np.testing.assert_allclose(np.linalg.norm(turn(q, start=7)), np.linalg.norm(q))
    np.testing.assert_array_equal(turn(q), q)
    with pytest.raises(ValueError, match="dim is even, got 5"):
        nn.RotaryPositions(5)
    with pytest.raises(ValueError, match=r"takes \(..., steps, 6\)"):
        turn(np.ones((2, 4)))
