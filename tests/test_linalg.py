"""Linear algebra where it is special: singular and empty matrices, equal values, phases, and what errors say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.linalg import LinAlgError

import autodiff as ad
from autodiff import GradientError, Tensor, grad, jvp
from autodiff import numpy as N
from autodiff.testing import check_grads

L = N.linalg
RNG = np.random.default_rng(0)
A = RNG.standard_normal((4, 3))
S = A.T @ A
Z = RNG.standard_normal((3, 3)) + 1j * RNG.standard_normal((3, 3))


def gradient(f: Any, x: Any) -> Any:
    return grad(lambda x: N.real(f(x)).sum())(np.asarray(x))  # eig: complex from NumPy 2.5 on


# -- NumPy's protocol ------------------------------------------------------------------------------------


def test_numpys_functions_of_tensors() -> None:
    t = Tensor(S, requires_grad=True)
    for name in L.__all__:
        theirs = getattr(np.linalg, name, None)
        assert theirs is None or theirs is not getattr(L, name)
    (np.linalg.inv(t).sum() + np.linalg.norm(t) + np.einsum("ii", t) + np.fft.fft(t).real.sum()).backward()
    assert t.grad is not None
    for pair in (np.linalg.eigh(t), np.linalg.eig(t), np.linalg.slogdet(t), np.linalg.qr(t), np.linalg.svd(t)):
        assert all(type(part) is Tensor for part in pair)
    assert np.linalg.eigh(t)._fields == np.linalg.eigh(S)._fields == L.eigh(S)._fields
    assert np.linalg.svd(t)._fields == np.linalg.svd(S)._fields
    assert np.linalg.qr(t)._fields == np.linalg.qr(S)._fields
    assert np.linalg.slogdet(t)._fields == np.linalg.slogdet(S)._fields
    assert np.linalg.eig(t)._fields == np.linalg.eig(S)._fields


def test_ufuncs_of_tensors() -> None:
    t, v = Tensor(S, requires_grad=True), np.ones(3)
    np.testing.assert_allclose(np.matmul(t, v).value, S @ v)
    np.testing.assert_allclose(np.vecdot(t, v, axis=0, keepdims=True).value, S.sum(0, keepdims=True))
    if hasattr(np, "matvec"):
        np.testing.assert_allclose(np.matvec(t, v).value, S @ v)
        np.testing.assert_allclose(np.vecmat(v, t).value, v @ S)
    assert np.matmul(t.astype(np.float32), v, dtype=np.float64).dtype == np.float64


def test_integers_become_floats_as_in_numpy() -> None:
    m = np.array([[2, 1], [1, 3]])
    for name in ("inv", "det", "eigvalsh", "svdvals", "pinv", "norm", "cholesky", "cond", "expm"):
        assert getattr(L, name)(Tensor(m)).dtype == getattr(L, name)(m).dtype == np.float64


# -- determinants ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("z", [False, True])
def test_determinant_of_a_singular_matrix(z: bool) -> None:
    for rank in (2, 1, 0):
        x = np.array(Z if z else S)
        x[:, rank:] = x[:, :1] if rank else 0
        check_grads(L.det, [x], order=2)
    expected = np.array([[np.linalg.det(np.delete(np.delete(x, i, 0), j, 1)) * (-1) ** (i + j) for j in range(3)]
                         for i in range(3)])  # fmt: skip
    found = gradient(lambda x: N.real(L.det(x)), x)
    np.testing.assert_allclose(found, expected.conj(), atol=1e-12)


def test_determinant_of_the_identity_has_every_derivative() -> None:
    check_grads(L.det, [np.eye(3)], order=4)
    check_grads(L.det, [np.diag([1.0, 1.0, 1e-13])], order=2)  # the cofactors come from the singular values


def test_determinants_of_a_batch_with_a_singular_matrix() -> None:
    x = np.stack([S, np.ones((3, 3)), np.zeros((3, 3))])
    g = gradient(L.det, x)
    np.testing.assert_allclose(g[0], np.linalg.det(S) * np.linalg.inv(S).T, rtol=1e-9)
    np.testing.assert_allclose(g[1:], 0, atol=1e-14)


def test_logarithm_of_a_singular_determinant() -> None:
    t = Tensor(np.ones((2, 2)), requires_grad=True)
    sign, logabsdet = L.slogdet(t)
    assert (sign.item(), logabsdet.item()) == (0.0, -np.inf)
    with pytest.raises(LinAlgError, match="Singular matrix") as caught:
        logabsdet.backward()
    assert "slogdet" in "".join(caught.value.__notes__)


def test_phase_of_a_complex_determinant() -> None:
    check_grads(lambda z: L.slogdet(z)[0], [Z])
    check_grads(lambda z: (lambda s, d: N.real(s) * d)(*L.slogdet(z)), [Z])


# -- equal values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [L.eigvalsh, L.svdvals, L.eigvals])
def test_equal_values_have_gradients(values: Any) -> None:
    np.testing.assert_allclose(gradient(values, np.eye(3)), np.eye(3), atol=1e-12)
    np.testing.assert_allclose(jvp(lambda x: values(x).sum(), (np.eye(3),), (S,))[1], np.trace(S))
    t = Tensor(np.eye(3), requires_grad=True)
    found = L.eigh(t)[0] if values is L.eigvalsh else L.svd(t)[1] if values is L.svdvals else L.eig(t)[0]
    N.real(found).sum().backward()
    np.testing.assert_allclose(t.grad.value, np.eye(3), atol=1e-12)


@pytest.mark.parametrize(
    "f", [lambda x: L.eigh(x)[1], lambda x: L.svd(x)[0], lambda x: L.svd(x)[2], lambda x: L.eig(x)[1]]
)
def test_vectors_of_equal_values_have_none(f: Any) -> None:
    weight = np.arange(9.0).reshape(3, 3)
    for derivative in (lambda: gradient(lambda x: f(x) * weight, np.eye(3)), lambda: jvp(f, (np.eye(3),), (S,))):
        with pytest.raises(GradientError, match=r"vectors with equal values is not defined.*eigvalsh"):
            derivative()


def test_vectors_of_the_value_that_is_distinct() -> None:
    q = np.linalg.qr(RNG.standard_normal((3, 3))).Q
    x = q @ np.diag([1.0, 1.0, 3.0]) @ q.T
    w = np.round(np.linalg.eigvalsh(x), 12)
    assert w[0] == w[1] != w[2]
    exact = np.diag([1.0, 1.0, 3.0])
    g = gradient(lambda x: L.eigh(x)[1][:, 2] * np.arange(3.0), exact)
    v = np.linalg.eigh(exact).eigenvectors
    wanted = (v[:, :2] * ((v[:, :2].T @ np.arange(3.0)) / 2)) @ np.ones((2, 1)) @ v[:, 2:].T
    np.testing.assert_allclose(g, (wanted + wanted.T) / 2, atol=1e-12)


def test_singular_vectors_of_a_singular_value_0() -> None:
    x = np.zeros((3, 2))
    x[0, 0] = 1.0
    np.testing.assert_allclose(np.abs(gradient(L.svdvals, x)).sum(), 2.0)
    with pytest.raises(GradientError, match="singular value is 0"):
        gradient(lambda x: L.svd(x, False)[0] * np.arange(6.0).reshape(3, 2), x)


def test_losses_that_depend_on_phases() -> None:
    h = Z + Z.conj().T
    for f in (lambda x: L.eigh(x)[1], lambda x: L.eig(x)[1], lambda x: L.svd(x)[0], lambda x: L.svd(x)[2]):
        with pytest.raises(GradientError, match=r"phases of .*vectors.*abs\(v\)"):
            gradient(lambda x, f=f: N.real(f(x) * (1 + 2j)), h)
    check_grads(lambda x: N.abs(L.eigh(x + N.conj(x.T))[1]), [Z])


def test_vectors_that_complete_a_basis() -> None:
    for full, part in (
        (lambda x: L.svd(x)[0], lambda x: L.svd(x, False)[0]),
        (lambda x: L.qr(x, "complete")[0], lambda x: L.qr(x)[0]),
    ):
        assert full(Tensor(A, requires_grad=True)).shape == (4, 4)
        np.testing.assert_allclose(np.abs(full(A)), np.abs(full(Tensor(A)).value), atol=1e-12)
        g = gradient(lambda x, f=full: f(x)[:, :3] * A, A)
        np.testing.assert_allclose(g, gradient(lambda x, f=part: f(x) * A, A), rtol=1e-9, atol=1e-12)
        with pytest.raises(GradientError, match=r"only complete a basis.*full_matrices=False.*reduced"):
            gradient(full, A)
    t = Tensor(A, requires_grad=True)
    u, s, vh = L.svd(t)
    np.testing.assert_allclose(((u[:, :3] * s) @ vh).value, A)
    q, r = L.qr(t, "complete")
    np.testing.assert_allclose((q @ r).value, A, atol=1e-12)


# -- norms ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [None, 1, 2, 3, 0.5, np.inf])
def test_norm_at_0(order: Any) -> None:
    for x in (np.zeros(3), np.zeros(3, complex)):
        g = gradient(lambda x: L.norm(x, order), x)
        np.testing.assert_array_equal(g, 0)
    x = np.array([[0.0, 0.0], [3.0, 0.0]])
    np.testing.assert_allclose(gradient(lambda x: L.norm(x, order, axis=1), x), [[0, 0], [1, 0]])


def test_second_derivative_of_the_norm_at_0_is_finite() -> None:
    hessian = grad(lambda x: (grad(lambda y: L.norm(y))(x) * np.ones(3)).sum())(np.zeros(3))
    np.testing.assert_array_equal(hessian, 0)


def test_matrix_norms_at_0() -> None:
    for order in ("fro", 1, np.inf):
        assert np.isfinite(gradient(lambda x, o=order: L.matrix_norm(x, ord=o), np.zeros((2, 2)))).all()
    np.testing.assert_array_equal(gradient(L.norm, np.zeros((2, 2))), 0)


def test_equal_largest_elements_share_a_norms_gradient() -> None:
    np.testing.assert_array_equal(gradient(lambda x: L.norm(x, np.inf), [2.0, -2.0, 1.0]), [0.5, -0.5, 0])
    np.testing.assert_allclose(gradient(lambda x: L.norm(x, 2), np.eye(2)), np.eye(2) / 2)


# -- singular, empty, batched ---------------------------------------------------------------------------


def test_condition_of_a_singular_matrix() -> None:
    for p in (None, 1):
        assert L.cond(np.ones((2, 2)), p) > 1e15
        assert L.cond(Tensor(np.zeros((2, 2))), p).item() == np.inf
    with pytest.raises(LinAlgError, match="singular matrix has no gradient"):
        L.cond(Tensor(np.zeros((2, 2)), requires_grad=True), 1)


def test_empty_matrices() -> None:
    for shape in ((0, 0), (2, 0, 0), (0, 2, 2)):
        for f in (L.inv, L.det, L.eigvalsh, L.svdvals, L.cholesky, L.pinv, lambda x: L.qr(x)[0], lambda x: L.eigh(x)[1],
                  lambda x: L.svd(x)[0], lambda x: L.slogdet(x)[1], lambda x: L.matrix_power(x, -2)):  # fmt: skip
            t = Tensor(np.zeros(shape), requires_grad=True)
            f(t).sum().backward()
            assert t.grad.shape == shape
    assert gradient(lambda x: L.solve(x, np.zeros((0, 2))), np.zeros((0, 0))).shape == (0, 0)
    assert gradient(lambda x: L.lstsq(x, np.ones((3, 0)))[0], A[:3]).shape == (3, 3)


def test_rank_of_a_tensor() -> None:
    assert L.matrix_rank(Tensor(np.ones((3, 3)), requires_grad=True)).item() == 1
    assert not L.matrix_rank(Tensor(np.ones((3, 3)), requires_grad=True)).requires_grad


def test_least_squares_of_deficient_rank() -> None:
    x, residuals, rank, s = L.lstsq(Tensor(np.ones((3, 2)), requires_grad=True), np.arange(3.0))
    np.testing.assert_allclose(x.value, [0.5, 0.5])
    assert residuals.shape == (0,)
    assert rank == 1
    assert s.shape == (2,)


def test_functions_of_one_triangle_have_symmetric_gradients() -> None:
    low = np.tril(S) + np.triu(np.ones((3, 3)), 1)
    for f in (L.cholesky, L.eigvalsh):
        np.testing.assert_allclose(f(low), f(S))
        g = gradient(lambda x, f=f: f(x)[..., 0], low)
        np.testing.assert_allclose(g, g.T)
        np.testing.assert_allclose(g, gradient(lambda x, f=f: f(x)[..., 0], S))


def test_third_derivatives() -> None:
    for f in (L.inv, L.expm, lambda x: L.solve(x, np.ones(3)), lambda x: L.slogdet(x)[1]):
        check_grads(f, [S + np.eye(3)], order=3, rtol=1e-5)
    check_grads(lambda x: L.eigvalsh(x + x.T), [np.diag([1.0, 2.0, 4.0]) + 0.1], order=3, rtol=1e-4)


def test_transforms_nest() -> None:
    hessian = ad.grad(lambda x: ad.grad(lambda y: L.slogdet(y)[1])(x).sum())(S)
    inverse = np.linalg.inv(S)
    np.testing.assert_allclose(hessian, -(inverse @ np.ones((3, 3)) @ inverse).T, rtol=1e-9)


# -- products --------------------------------------------------------------------------------------------


def test_a_matrix_that_serves_a_batch_has_one_product_for_its_gradient() -> None:
    x, y = (
        Tensor(RNG.standard_normal((4, 1, 2, 3)), requires_grad=True),
        Tensor(RNG.standard_normal((5, 3, 2)), requires_grad=True),
    )
    weight = RNG.standard_normal((4, 5, 2, 2))
    (x @ y * weight).sum().backward()
    np.testing.assert_allclose(x.grad.value, np.einsum("abij,bkj->aik", weight, y.value)[:, None])
    np.testing.assert_allclose(y.grad.value, np.einsum("abij,aik->bkj", weight, x.value[:, 0]))


def test_cross_of_flat_vectors_warns() -> None:
    def with_zero(x: Any) -> Any:
        return np.concatenate([x, np.zeros((2, 1))], axis=1) if x.shape == (2, 2) else x

    flat, solid = np.array([[1.0, 2.0], [0.5, 3.0]]), np.array([1.0, -2.0, 0.5])
    for x, y in ((flat, flat[::-1]), (flat, solid), (solid, flat)):
        expected = np.cross(with_zero(x), with_zero(y))
        with pytest.warns(DeprecationWarning, match="deprecated"):
            result = N.cross(Tensor(x), y).value
        np.testing.assert_allclose(result, expected if result.ndim == 2 else expected[:, 2])
    with pytest.warns(DeprecationWarning, match="deprecated"):
        assert gradient(lambda x: N.cross(x, flat), flat).shape == (2, 2)


def test_einsum_of_integers_keeps_their_dtype() -> None:
    small = np.arange(4, dtype=np.int8).reshape(2, 2)
    for spec in ("ij->", "ii", "ij,jk->ik"):
        arrays = [small] * (spec.count(",") + 1)
        assert N.einsum(spec, *arrays).dtype == np.einsum(spec, *arrays).dtype
    assert N.einsum("ij->", small > 1).dtype == bool
    assert N.einsum("i,i", np.ones(2, np.float32), np.ones(2, np.float32), dtype=np.float64).dtype == np.float64


def test_out() -> None:
    out = np.zeros((3, 3))
    assert N.einsum("ij,jk->ik", S, S, out=out) is out
    np.testing.assert_allclose(out, S @ S)
    N.outer(S[0], S[1], out=out)
    np.testing.assert_allclose(out, np.outer(S[0], S[1]))
    with pytest.raises(TypeError, match="gradient would be lost"):
        N.dot(Tensor(S, requires_grad=True), S, out=out)


# -- polynomials -----------------------------------------------------------------------------------------


def test_roots_that_numpy_reads_off() -> None:
    """A leading or trailing coefficient of 0 has a gradient too, though NumPy leaves it out."""
    check_grads(lambda p: N.roots(p), [np.array([1.0, -3.0, 0.0])], order=2)
    p = Tensor([0.0, 1.0, -2.0], requires_grad=True)
    N.roots(p).sum().backward()
    np.testing.assert_allclose(p.grad.value, [-4.0, -2.0, -1.0])
    with pytest.raises(GradientError, match="more than once"):
        gradient(N.roots, [1.0, 0.0, 0.0])


def test_polynomials_with_leading_zeros() -> None:
    zeros = np.array([0.0, 1.0, 2.0])
    np.testing.assert_array_equal(N.polymul(zeros, [1.0, 1.0]), np.polymul(zeros, [1.0, 1.0]))
    np.testing.assert_array_equal(gradient(lambda p: N.polymul(p, [1.0, 1.0]), zeros), [2, 2, 2])
    np.testing.assert_array_equal(N.polydiv([1.0], [1.0, 2.0])[1], np.polydiv([1.0], [1.0, 2.0])[1])
    assert N.poly(np.zeros(0)) == 1.0
    np.testing.assert_array_equal(N.polyadd(np.poly1d([1, 2]), Tensor([1.0])).value, [1, 3])


def test_polyfit_reports() -> None:
    x, y = np.arange(5.0), np.array([1.0, 2.0, 0.0, 3.0, 1.0])
    for ours, theirs in zip(N.polyfit(x, Tensor(y), 2, full=True), np.polyfit(x, y, 2, full=True), strict=True):
        np.testing.assert_allclose(ours.value if type(ours) is Tensor else ours, theirs)
    with pytest.warns(np.exceptions.RankWarning):
        N.polyfit(np.ones(4), Tensor(np.ones(4)), 2)


# -- what errors say --------------------------------------------------------------------------------------

T = Tensor(S, requires_grad=True)
V = Tensor(np.ones(3), requires_grad=True)


@pytest.mark.parametrize(("call", "error", "says"), [
    (lambda: L.inv(Tensor(A)), LinAlgError, r"square matrix.*float64 \(4, 3\)"),
    (lambda: L.inv(V), LinAlgError, r"a matrix is needed.*float64 \(3,\)"),
    (lambda: L.inv(T * 0), LinAlgError, "Singular matrix"),
    (lambda: L.cholesky(-T), LinAlgError, "not positive definite"),
    (lambda: L.solve(T, np.ones(2)), ValueError, "solve"),
    (lambda: L.qr(T, "raw"), ValueError, '"reduced", "complete" or "r", got \'raw\''),
    (lambda: L.norm(T, 7), ValueError, "7 is no order of a norm of matrices"),
    (lambda: L.norm(V, "fro"), ValueError, "'fro' is no order of a norm of vectors"),
    (lambda: L.norm(np.ones((2, 2, 2)), 2), ValueError, "one axis or two"),
    (lambda: L.norm(T, axis=(0, 0)), ValueError, "twice"),
    (lambda: L.pinv(T, 0.1, rtol=0.1), ValueError, "not both"),
    (lambda: L.pinv(T, Tensor(0.1, requires_grad=True)), TypeError, r"pinv has no derivative by rcond.*detach"),
    (lambda: L.matrix_rank(T, 0.1, rtol=0.1), ValueError, "not both"),
    (lambda: L.matrix_power(T, 0.5), TypeError, "integer exponent, got 0.5"),
    (lambda: L.matrix_power(V, 2), LinAlgError, "square"),
    (lambda: L.tensorinv(T, 0), ValueError, "above 0, got 0"),
    (lambda: L.tensorinv(np.ones((2, 3)), 1), LinAlgError, "not as many elements"),
    (lambda: L.tensorsolve(np.ones((2, 3)), np.ones(2)), LinAlgError, "no square matrix"),
    (lambda: L.lstsq(T, np.ones(2)), LinAlgError, "as many rows"),
    (lambda: L.solve_triangular(T, V, "X"), ValueError, "trans is 0, 1 or 2"),
    (lambda: L.solve_triangular(T * np.nan, V), ValueError, "infs or NaNs.*check_finite=False"),
    (lambda: L.multi_dot([T]), ValueError, "two arrays at least, got 1"),
    (lambda: L.multi_dot([T, V, T]), LinAlgError, r"array 1 is float64 \(3,\)"),
    (lambda: L.outer(T, V), ValueError, "two vectors.*np.outer"),
    (lambda: L.cross(np.ones(2), V), ValueError, "3 elements"),
    (lambda: L.cond(np.zeros((0, 0))), LinAlgError, "empty"),
    (lambda: N.einsum("ij,jk", T), ValueError, "letters for 2 arrays, got 1"),
    (lambda: N.einsum("ij", V), ValueError, "'ij' in 'ij' names 2 axes, but array 0 has 1"),
    (lambda: N.einsum("i", T), ValueError, "names 1 axes, but array 0 has 2"),
    (lambda: N.einsum("i1", T), ValueError, "'1' in 'i1' is no letter"),
    (lambda: N.einsum("ij->k", T), ValueError, "has 'k', which no array has"),
    (lambda: N.einsum("ij->ii", T), ValueError, "has 'i' twice"),
    (lambda: N.einsum("...i->i", T), ValueError, "has no '...'"),
    (lambda: N.einsum("ij,jk", T, np.ones((2, 2))), ValueError, "'j' has length 2 in array 1 and 3 in one"),
    (lambda: N.einsum("ii", np.ones((1, 3))), ValueError, "lengths 1 and 3 in one array"),
    (lambda: N.einsum(T, "ij"), TypeError, "arrays and lists of numbers in turn"),
    (lambda: N.einsum(T, [0, 60]), ValueError, "0 to 51, got 60"),
    (lambda: N.einsum("i", V, dtype=np.float32), TypeError, "cannot cast float64"),
    (lambda: N.einsum(), ValueError, "needs a string"),
    (lambda: N.tensordot(T, V, 2), ValueError, "not so many"),
    (lambda: N.tensordot(T, np.ones((2, 3)), 1), ValueError, "pairs of one length"),
    (lambda: N.tensordot(T, T, ([0, 0], [0, 1])), ValueError, "none twice"),
    (lambda: N.inner(V, np.ones(2)), ValueError, "different lengths"),
    (lambda: N.vecdot(V, np.ones(2)), ValueError, "different lengths"),
    (lambda: N.matvec(V, V), ValueError, "matvec: a matrix is needed"),
    (lambda: N.matmul(V, 2.0), ValueError, r"use \* for scalars"),
    (lambda: N.matmul(T, T, axes=[(0, 1)] * 3), TypeError, "takes no axes= argument"),
    (lambda: N.convolve(V, []), ValueError, "not empty"),
    (lambda: N.correlate(V, V, "half"), ValueError, "\"full\", \"same\" or \"valid\", got 'half'"),
    (lambda: N.cross(np.ones(4), V), ValueError, "3 elements"),
    (lambda: N.polyval(T, 1.0), ValueError, "a vector"),
    (lambda: N.polyder(V, -1), ValueError, "0 or more, got -1"),
    (lambda: N.polyint(V, 3, [1.0, 2.0]), ValueError, "3 constants"),
    (lambda: N.polyfit(V, np.ones(2), 1), TypeError, "polyfit takes points"),
    (lambda: N.roots(T), ValueError, "vector of coefficients"),
    (lambda: N.fft.fft(V, 0), ValueError, "one point at least, got n=0"),
    (lambda: N.fft.fft(V, norm="unit"), ValueError, "got 'unit'"),
    (lambda: N.fft.rfft(V * 1j), TypeError, "real numbers, got complex128.*use fft"),
    (lambda: N.fft.irfft(np.ones(1)), ValueError, "one point at least"),
    (lambda: N.fft.fftn(T, (2,), (0, 1)), ValueError, "different lengths"),
])  # fmt: skip
def test_errors_say_what_is_wrong(call: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        call()


def test_an_error_of_an_op_says_what_it_was_given() -> None:
    with pytest.raises(LinAlgError) as caught:
        L.inv(T * 0)
    assert "op 'inv' was given float64 (3, 3)" in "".join(caught.value.__notes__)


@pytest.mark.parametrize("f", [lambda x: L.svd(x)[0], lambda x: L.svd(x.T)[2], lambda x: L.qr(x, "complete")[0]])
def test_vectors_that_complete_a_basis_are_computed_by_a_program_too(f: Any) -> None:
    other = A * A + 1
    program = ad.trace(f)(A)
    assert not program.reads
    np.testing.assert_array_equal(program(other), f(other))
    np.testing.assert_array_equal(ad.vmap(f)(np.stack([A, other]))[1], f(other))
