"""Text as numbers: vocabularies of characters and of words, and sequences to predict the next one of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autodiff.errors import describe
from autodiff.tensor import Tensor, constant
from nn.module import check_sizes

from .dataset import Dataset

_WORD = re.compile(r"\w+(?:['\u2019]\w+)*|[^\w\s]|\n")  # words, signs and ends of lines


class Vocabulary:
    """Tokens and their numbers.

    Args:
        tokens: each is there once; token i has the number i.
        unknown: the token that stands for all others; without it, encoding one is an error.
        split_words: whether text is split into words, signs and ends of lines, or into characters.

    `Vocabulary.characters(text)` and `Vocabulary.words(text)` find the tokens of a text. `tokens` is
    the list to save: `Vocabulary(tokens, unknown, split_words)` is the same again.

    >>> vocabulary = Vocabulary.characters("hello")
    >>> vocabulary.tokens, vocabulary.encode("hole").tolist(), vocabulary.decode([1, 0, 2])
    (['e', 'h', 'l', 'o'], [1, 3, 2, 0], 'hel')

    Raises ValueError for a token that is there twice.
    """

    def __init__(self, tokens: Iterable[str], unknown: str | None = None, split_words: bool = False) -> None:
        self.tokens, self.unknown, self.split_words = list(tokens), unknown, split_words
        self._numbers = {token: i for i, token in enumerate(self.tokens)}
        if len(self._numbers) < len(self.tokens):
            twice = [token for token, count in Counter(self.tokens).items() if count > 1]
            raise ValueError(f"each token is there once, and {twice[:5]} are there again")
        if unknown is not None and unknown not in self._numbers:
            raise ValueError(f"the token {unknown!r} for unknown ones is one of the tokens: add it to them")

    @classmethod
    def characters(cls, text: str, unknown: str | None = None, special: Sequence[str] = ()) -> Vocabulary:
        """The characters of a text, sorted, after `unknown` and the `special` tokens."""
        return cls(_with_special(sorted(set(_text(text))), unknown, special), unknown)

    @classmethod
    def words(
        cls, text: str, unknown: str | None = "<unk>", special: Sequence[str] = (), min_count: int = 1,
        max_size: int | None = None,
    ) -> Vocabulary:  # fmt: skip
        """The words, signs and ends of lines of a text, the most frequent first, after `unknown` and `special`.

        Args:
            min_count: those that are there less often are left out.
            max_size: the most tokens, with the first ones.

        >>> Vocabulary.words("to be, or not to be").tokens
        ['<unk>', 'be', 'to', ',', 'not', 'or']
        """
        check_sizes(min_count=min_count, **({} if max_size is None else {"max_size": max_size}))
        counts = sorted(Counter(_WORD.findall(_text(text))).items(), key=lambda item: (-item[1], item[0]))
        found = [word for word, count in counts if count >= min_count]
        return cls(_with_special(found, unknown, special)[:max_size], unknown, split_words=True)

    def split(self, text: str) -> list[str]:
        """The tokens of a text, unknown ones too."""
        return _WORD.findall(text) if self.split_words else list(text)

    def encode(self, text: str | Sequence[str]) -> Any:
        """The numbers of a text, or of tokens: int64.

        Raises ValueError, with the place, for a token that is not there, if there is none for unknown ones.
        """
        tokens: Any = self.split(text) if isinstance(text, str) else text
        if isinstance(tokens, bytes) or not isinstance(tokens, Sequence | np.ndarray):
            raise TypeError(f"a text is a str, or a list of tokens; got {describe(text)}")
        other = -1 if self.unknown is None else self._numbers[self.unknown]
        numbers = np.array([self._numbers.get(token, other) for token in tokens], np.int64)
        if self.unknown is None and (numbers < 0).any():
            i = int(np.argmin(numbers))
            raise ValueError(
                f"token {i} of the text, {tokens[i]!r}, is not in the vocabulary of {len(self)}: make it of all the "
                'text, or with a token for unknown ones (unknown="<unk>")'
            )
        return numbers

    def decode(self, numbers: Any) -> str:
        """The text of numbers: characters joined, or words with spaces between, but not before signs.

        Raises ValueError for numbers that no token has.
        """
        array = np.asarray(numbers.value if type(numbers) is Tensor else numbers)
        if array.size and (array.dtype.kind not in "iu" or array.min() < 0 or array.max() >= len(self)):
            raise ValueError(f"tokens have numbers from 0 to {len(self) - 1}, got {describe(array)}: {array}")
        tokens = [self.tokens[i] for i in array.reshape(-1).astype(int).tolist()]
        if not self.split_words:
            return "".join(tokens)
        return re.sub(r" ?\n ?", "\n", re.sub(r" (?=[.,;:!?)\]])|(?<=[(\[]) ", "", " ".join(tokens)))

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._numbers

    def __getitem__(self, token: str) -> int:
        """The number of a token."""
        return int(self.encode([token])[0])

    def __repr__(self) -> str:
        kind = "words" if self.split_words else "characters"
        return f"Vocabulary({len(self)} {kind}, unknown={self.unknown!r})"


def _text(text: Any) -> str:
    if not isinstance(text, str):
        raise TypeError(
            f'a vocabulary is made of one str, got {type(text).__name__}: join texts by "\\n".join(texts), decode bytes'
        )
    return text


def _with_special(tokens: list[str], unknown: str | None, special: Sequence[str]) -> list[str]:
    if isinstance(special, str):
        raise TypeError(f"special tokens are a list: write special=[{special!r}]")
    first = list(dict.fromkeys([*([] if unknown is None else [unknown]), *special]))
    return first + [token for token in tokens if token not in first]


class NextTokens(Dataset):
    """Stretches of a sequence, each with the same one token later: what follows each token.

    `dataset[i]` is (x, y) of `length` numbers each, y[t] being what comes after x[t].

    Args:
        numbers: the whole sequence, such as `vocabulary.encode(text)`.
        stride: from the beginning of one stretch to that of the next; by default `length`, and they share nothing.

    >>> data = NextTokens(np.arange(7), length=3)
    >>> len(data), [t.tolist() for t in data[1]]
    (2, [[3, 4, 5], [4, 5, 6]])

    Raises ValueError for a sequence that is too short.
    """

    batched = True

    def __init__(self, numbers: Any, length: int, stride: int | None = None) -> None:
        self.numbers = np.asarray(numbers.value if type(numbers) is Tensor else numbers)
        self.length, self.stride = length, length if stride is None else stride
        check_sizes(length=length, stride=self.stride)
        if self.numbers.ndim != 1 or self.numbers.dtype.kind not in "iu":
            raise TypeError(f"a sequence is integers in one axis, got {describe(self.numbers)}")
        if len(self.numbers) <= length:
            raise ValueError(f"{length} tokens and the one after are more than the {len(self.numbers)} that there are")

    def __len__(self) -> int:
        return (len(self.numbers) - 1 - self.length) // self.stride + 1

    def __getitem__(self, index: Any) -> tuple[Tensor, Tensor]:
        starts = np.arange(len(self))[index] * self.stride
        found = self.numbers[np.asarray(starts)[..., None] + np.arange(self.length + 1)]
        return constant(found[..., :-1]), constant(found[..., 1:])
