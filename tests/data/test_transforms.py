"""Changes of images: against Pillow-like references, on single images and batches, in every dtype."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.tensor import Tensor
from nn.data import DataLoader, TensorDataset
from nn.data import transforms as T

X = np.random.default_rng(0).random((5, 3, 8, 9)).astype(np.float32)
ALL = [
    T.RandomHorizontalFlip(generator=0), T.RandomVerticalFlip(generator=0), T.RandomTranslation(2, generator=0),
    T.RandomCrop(6, padding=1, generator=0), T.CenterCrop((4, 5)), T.Resize((5, 12)), T.Resize(4),
    T.RandomResizedCrop(6, generator=0), T.RandomErasing(generator=0), T.GaussianNoise(generator=0),
    T.RandomAffine(20, (0.1, 0.2), (0.8, 1.2), 10, generator=0), T.RandomRotation(30, "nearest", generator=0),
    T.Normalize([0.1, 0.2, 0.3], 0.5), T.ToArray(),
]  # fmt: skip


@pytest.mark.parametrize("change", ALL, ids=lambda t: type(t).__name__)
def test_dtypes_single_images_tensors_and_empty_batches(change):
    for dtype in (np.float32, np.float64, np.float16, np.uint8):
        x = X.astype(dtype) if dtype != np.uint8 else (X * 255).astype(np.uint8)
        before = x.copy()
        batch = change(x)
        np.testing.assert_array_equal(x, before)
        to_float = dtype == np.uint8 and isinstance(change, T.Normalize)
        expected = np.float32 if to_float or isinstance(change, T.ToArray) else dtype
        assert (batch.dtype, len(batch)) == (expected, 5)
        assert change(x[0]).shape == batch.shape[1:]
        assert type(change(Tensor(x))) is Tensor
        assert np.isfinite(batch.astype(np.float64)).all()
    assert change(X[:0]).shape[0] == 0
    assert repr(change).startswith(type(change).__name__)


@pytest.mark.parametrize("change", ALL[:-2], ids=lambda t: type(t).__name__)
def test_wrong_shapes_are_named(change):
    with pytest.raises(TypeError, match=r"takes an image \(channels, height, width\) .* got float64 \(8, 9\)"):
        change(np.ones((8, 9)))


def test_a_seed_repeats_and_images_differ():
    for make in (T.RandomHorizontalFlip, T.RandomErasing, T.GaussianNoise, lambda generator: T.RandomRotation(
        40, generator=generator), lambda generator: T.RandomTranslation(3, generator=generator)):  # fmt: skip
        same = np.repeat(X[:1], 20, axis=0)
        a, b, c = make(generator=1)(same), make(generator=1)(same), make(generator=2)(same)
        np.testing.assert_array_equal(a, b)
        assert (a != c).any()
        assert len({image.tobytes() for image in a}) > 1


def test_flips_and_translations_are_exact():
    flipped = T.RandomHorizontalFlip(0.5, generator=0)(np.repeat(X[:1], 200, axis=0))
    turned = (flipped == X[0, :, :, ::-1]).all(axis=(1, 2, 3))
    assert ((flipped == X[0]).all(axis=(1, 2, 3)) != turned).all()
    assert 70 < turned.sum() < 130
    np.testing.assert_array_equal(T.RandomVerticalFlip(1.0)(X), X[:, :, ::-1])
    found = {image.tobytes() for image in T.RandomTranslation(1, fill=7, generator=0)(np.repeat(X[:1], 300, axis=0))}
    padded = np.pad(X[0], ((0, 0), (1, 1), (1, 1)), constant_values=7)
    assert found == {padded[:, i : i + 8, j : j + 9].tobytes() for i in range(3) for j in range(3)}


def test_crops():
    np.testing.assert_array_equal(T.CenterCrop(2)(np.arange(16.0).reshape(1, 4, 4)), [[[5, 6], [9, 10]]])
    assert [T.CenterCrop(1)(np.arange(n).reshape(1, 1, n))[0, 0, 0] for n in (1, 2, 4, 6, 8)] == [0, 0, 2, 2, 4]
    full = T.RandomCrop((8, 9))(X)
    np.testing.assert_array_equal(full, X)
    with pytest.raises(ValueError, match="9 x 9 pixels does not fit into images of 8 x 9"):
        T.RandomCrop(9)(X)
    whole = T.RandomResizedCrop((8, 9), scale=(1, 1), ratio=(9 / 8, 9 / 8))(X)
    np.testing.assert_allclose(whole, X, atol=1e-6)


def test_a_rotation_turns_counter_clockwise_about_the_middle():
    x = np.random.default_rng(1).random((2, 1, 5, 5))
    for quarter in range(4):
        for how in ("bilinear", "nearest"):
            turned = T.RandomRotation((90 * quarter, 90 * quarter), how)(x)
            np.testing.assert_allclose(turned, np.rot90(x, quarter, axes=(2, 3)), atol=1e-12)
    doubled = T.RandomAffine(0, scale=(2, 2), interpolation="nearest")(x)
    np.testing.assert_array_equal(doubled[:, :, 2, 2], x[:, :, 2, 2])
    np.testing.assert_array_equal(doubled[:, :, 0, 0], x[:, :, 1, 1])
    half = T.RandomAffine(0, scale=(0.5, 0.5), fill=9, interpolation="nearest")(x)
    assert half[0, 0, 0, 0] == 9


def test_resize_keeps_means_and_lines():
    line = np.broadcast_to(np.arange(40.0), (1, 1, 30, 40))
    small = T.Resize((15, 20))(line)
    np.testing.assert_allclose(small[0, 0, 0, 2:-2], np.arange(20)[2:-2] * 2 + 0.5)
    assert T.Resize(15)(line).shape == (1, 1, 15, 20)
    assert T.Resize(np.int64(15))(np.zeros((1, 40, 30))).shape == (1, 20, 15)
    with pytest.raises(ValueError, match="an image of 0 x 3 pixels cannot be resized"):
        T.Resize(2)(np.zeros((1, 0, 3)))
    np.testing.assert_array_equal(T.Resize((8, 9))(X), X)
    image = pytest.importorskip("PIL.Image")
    photo = np.random.default_rng(0).integers(0, 256, (37, 53), dtype=np.uint8)
    for size in ((20, 31), (60, 80), (37, 7)):
        ours = T.Resize(size)(photo[None])[0].astype(int)
        theirs = np.asarray(image.fromarray(photo).resize(size[::-1], image.Resampling.BILINEAR)).astype(int)
        assert abs(ours - theirs).max() <= 1


def test_noise_erasing_and_normalisation():
    noisy = T.GaussianNoise(0.1, 0.5, clip=False, generator=0)(np.zeros((4, 1, 100, 100)))
    assert abs(noisy.mean() - 0.1) < 0.02
    assert abs(noisy.std() - 0.5) < 0.02
    assert T.GaussianNoise(sigma=3, generator=0)(X).max() == 1
    assert T.GaussianNoise(sigma=90, generator=0)(np.full((1, 9, 9), 250, np.uint8)).max() == 255
    erased = T.RandomErasing(1.0, value=-1, generator=0)(X)
    share = (erased == -1).mean(axis=(1, 2, 3))
    assert ((share > 0) & (share < 0.5)).all()
    np.testing.assert_allclose(T.Normalize([0, 1, 2], [1, 2, 4])(X)[:, 2], (X[:, 2] - 2) / 4, rtol=1e-6)
    with pytest.raises(ValueError, match="Normalize has 2 channels, and the images have 3"):
        T.Normalize([1, 2], 1)(X)


def test_arguments_are_checked():
    for make, message in [
        (lambda: T.RandomHorizontalFlip(1.5), r"in \[0, 1\], got 1.5"), (lambda: T.Resize(0), "size is an integer"),
        (lambda: T.RandomCrop((3, 4, 5)), "size is an integer of at least 1, or two"),
        (lambda: T.GaussianNoise(sigma=-1), "sigma is not negative"), (lambda: T.Normalize(0, 0), "std is above 0"),
        (lambda: T.RandomRotation((3, 1)), "degrees is a number"), (lambda: T.RandomErasing(scale=(0, 1)), "scale is"),
        (lambda: T.RandomAffine(3, interpolation="cubic"), "bilinear"), (lambda: T.Resize(4.0), "got 4.0"),
        (lambda: T.RandomAffine(3, translate=0.1), r"translate is .* got 0\.1"),
        (lambda: T.RandomAffine(3, scale=1.1), r"scale is .* got 1\.1"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            make()
    with pytest.raises(TypeError, match="list of functions of images, and 3 is none"):
        T.Compose([3])


def test_what_stands_elsewhere_in_torchvision_goes_by_name():
    """There the third arguments are pad_if_needed and expand; a wrong fill would go unseen."""
    for make, given in ((T.RandomCrop, (4, 1, True)), (T.RandomRotation, (30, "nearest", True))):
        with pytest.raises(TypeError, match="positional argument"):
            make(*given)


def test_inside_of_a_data_set_draws_are_the_batches_own():
    augment = T.Compose([T.RandomTranslation(2), T.GaussianNoise()])

    def epochs():
        ad.manual_seed(1)
        loader = DataLoader(TensorDataset(X, transform=augment), 2, shuffle=True, generator=0)
        return [np.concatenate([x.value for (x,) in loader]) for _ in range(2)]

    (a, b), (c, d) = epochs(), epochs()
    np.testing.assert_array_equal(a, c)
    np.testing.assert_array_equal(b, d)
    assert (a != b).any()


def test_to_array_takes_pillow_images():
    image = pytest.importorskip("PIL.Image")
    photo = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    array = T.ToArray()(image.fromarray(photo))
    np.testing.assert_allclose(array, np.moveaxis(photo, -1, 0) / 255, rtol=1e-6)
    assert T.ToArray(np.float64)(image.fromarray(photo[..., 0])).shape == (1, 4, 5)
    few = image.fromarray(photo).quantize(4)  # whose pixels are places in a palette
    np.testing.assert_allclose(T.ToArray()(few), np.moveaxis(np.asarray(few.convert("RGB")), -1, 0) / 255, rtol=1e-6)
    deep = np.array([[0, 65535]], np.uint16)
    np.testing.assert_array_equal(T.ToArray()(image.fromarray(deep)), [[[0, 1]]])
    np.testing.assert_array_equal(T.ToArray()(deep.astype(">u2")[None]), [[[0, 1]]])


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.int8])
def test_integers_of_unknown_range_are_not_scaled(dtype):
    with pytest.raises(TypeError, match=rf"got {np.dtype(dtype)}, of which it is not known what is white: give x.ast"):
        T.ToArray()(np.ones((1, 2, 2), dtype))
    for wrong in ("cat.jpg", [[1, 2]], np.ones((1, 2, 2), complex)):
        with pytest.raises(TypeError, match="takes a Pillow image or an array of numbers, got"):
            T.ToArray()(wrong)


def test_what_comes_in_is_a_number_of_the_images():
    x = np.ones((1, 1, 4, 4), np.uint8)
    for fill in (-1, 300, 0.5, None):
        for change in (
            T.RandomTranslation(1, fill), T.RandomCrop(4, 1, fill=fill), T.RandomRotation(3, fill=fill),
            T.RandomErasing(1.0, value=fill),
        ):  # fmt: skip
            with pytest.raises(ValueError, match="is no number of uint8"):
                change(x)
    assert T.RandomTranslation((4, 0), fill=7, generator=0)(x).max() == 7


def test_a_tensor_with_a_gradient_is_not_cut_off_without_a_word():
    for change in (T.CenterCrop(2), T.ToArray()):
        with pytest.raises(TypeError, match=r"have no gradient: give images\.detach\(\)"):
            change(Tensor(X, requires_grad=True))


@pytest.mark.parametrize("seed", range(5))
def test_affine_changes_beside_scipy(seed):
    """Each image of a batch seen through the inverse of move * turn * shear * scale, with y pointing down."""
    ndimage = pytest.importorskip("scipy.ndimage")
    x, (h, w) = np.random.default_rng(seed).random((3, 1, 9, 12)), (9, 12)
    for how, order in (("bilinear", 1), ("nearest", 0)):
        found = T.RandomAffine(40, (0.2, 0.1), (0.7, 1.4), (-15, 25), how, fill=0.25, generator=seed)(x)
        draws = ad.Generator(seed).numpy()
        angle, shear = (np.radians(draws.uniform(a, b, 3)) for a, b in ((-40, 40), (-15, 25)))
        scale, across, down = draws.uniform(0.7, 1.4, 3), *(draws.uniform(-t, t, 3) for t in (0.2, 0.1))
        for i in range(3):
            cos, sin = np.cos(angle[i]), np.sin(angle[i])
            there = scale[i] * np.array([[cos, sin], [-sin, cos]]) @ [[1, -np.tan(shear[i])], [0, 1]]  # of (x, y)
            back = np.linalg.inv(there)[::-1, ::-1]  # of (row, column)
            middle, move = np.array([h - 1, w - 1]) / 2, np.array([down[i] * h, across[i] * w])
            padded = np.pad(x[i, 0], 1, constant_values=0.25)
            offset = middle - back @ (middle + move) + 1 - back @ [1, 1]
            given = ndimage.affine_transform(padded, back, offset, order=order, mode="constant", cval=0.25)
            np.testing.assert_allclose(found[i, 0], given[1:-1, 1:-1], atol=1e-12)
