"""Vocabularies, and sequences of which the next token is to be predicted."""

import numpy as np
import pytest

from autodiff.tensor import Tensor
from nn.data import DataLoader, NextTokens, Vocabulary

TEXT = "To be, or not to be: that's the question.\nWhether 'tis nobler...\n"


def test_characters_come_back():
    vocabulary = Vocabulary.characters(TEXT)
    numbers = vocabulary.encode(TEXT)
    assert numbers.dtype == np.int64
    assert vocabulary.decode(numbers) == vocabulary.decode(Tensor(numbers)) == TEXT
    assert len(vocabulary) == len(set(TEXT))
    assert "q" in vocabulary
    assert "z" not in vocabulary
    assert vocabulary["b"] == vocabulary.tokens.index("b")
    assert vocabulary.encode("").tolist() == []
    assert repr(vocabulary) == f"Vocabulary({len(vocabulary)} characters, unknown=None)"


def test_unknown_tokens():
    vocabulary = Vocabulary.characters("abc")
    with pytest.raises(ValueError, match="token 2 of the text, 'z', is not in the vocabulary of 3"):
        vocabulary.encode("abz")
    vocabulary = Vocabulary.characters("abc", unknown="\ufffd", special=["<end>"])
    assert vocabulary.tokens == ["\ufffd", "<end>", "a", "b", "c"]
    assert vocabulary.encode("azb").tolist() == [2, 0, 3]
    assert vocabulary.encode([*"ab", "<end>"]).tolist() == [2, 3, 1]
    again = Vocabulary(vocabulary.tokens, vocabulary.unknown)
    assert again.encode("azb").tolist() == [2, 0, 3]
    with pytest.raises(ValueError, match="'<unk>' for unknown ones is one of the tokens"):
        Vocabulary("ab", unknown="<unk>")
    with pytest.raises(ValueError, match=r"\['a'\] are there again"):
        Vocabulary("aba")


def test_words():
    vocabulary = Vocabulary.words(TEXT)
    assert vocabulary.split("that's (fine), no?\n") == ["that's", "(", "fine", ")", ",", "no", "?", "\n"]
    text = "to be, or not to be: the question.\nto be\n"
    assert vocabulary.decode(vocabulary.encode(text)) == text
    assert vocabulary.decode(vocabulary.encode("to xyz")) == "to <unk>"
    few = Vocabulary.words("a a a b b c", max_size=3)
    assert few.tokens == ["<unk>", "a", "b"]
    assert Vocabulary.words("a a a b b c", unknown=None, min_count=2).tokens == ["a", "b"]
    for wrong in ([99], [-1], [0.5]):
        with pytest.raises(ValueError, match="tokens have numbers from 0 to 2"):
            few.decode(wrong)


def test_what_is_no_text_is_named():
    for make in (Vocabulary.characters, Vocabulary.words):
        for wrong in (["Mary", "Ann"], b"Mary"):
            with pytest.raises(TypeError, match="a vocabulary is made of one str, got"):
                make(wrong)
        with pytest.raises(TypeError, match=r"special tokens are a list: write special=\['<pad>'\]"):
            make("ab", special="<pad>")
    for wrong in ({"max_size": -1}, {"min_count": 0}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} is an integer of at least 1"):
            Vocabulary.words("a b", **wrong)
    for wrong in (b"ab", None, 3):
        with pytest.raises(TypeError, match="a text is a str, or a list of tokens; got"):
            Vocabulary.words("a b").encode(wrong)


def test_next_tokens():
    data = NextTokens(np.arange(10), 4, stride=2)
    assert len(data) == 3
    for i in range(3):
        x, y = data[i]
        assert (x.tolist(), y.tolist()) == (list(range(2 * i, 2 * i + 4)), list(range(2 * i + 1, 2 * i + 5)))
    x, y = next(iter(DataLoader(data, 2, shuffle=True, generator=0)))
    np.testing.assert_array_equal(x.value + 1, y.value)
    assert x.shape == (2, 4)
    assert data[-1][1].tolist() == [5, 6, 7, 8]
    with pytest.raises(IndexError):
        data[3]
    assert len(NextTokens(np.arange(5), 4)) == 1
    with pytest.raises(ValueError, match="4 tokens and the one after are more than the 4"):
        NextTokens(np.arange(4), 4)
    with pytest.raises(TypeError, match="integers in one axis, got <U4"):
        NextTokens("text", 2)
