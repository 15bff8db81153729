"""The root of bantin's exceptions.

    BantinError
    ├── SourceError                               a source file that cannot be used
    ├── storage.errors.StorageError               the object store refused, or holds something unreadable
    ├── cleaning.errors.CleaningError             the cleaner was given something it cannot work with
    ├── cleaning.errors.RuleError                 a file of furniture rules is wrong
    ├── browse.errors                             what cannot be searched or exported
    └── bantin.errors.RunError                    a step of a run failed

Each package has one base error of its own. Every error says what was expected and what to do next in its
message, carries what it is about as attributes, survives pickling, and knows whether trying again may help.
"""

from typing import ClassVar


class BantinError(Exception):
    """Base of every error bantin raises on purpose.

    `retryable` tells a scheduler whether the same call may succeed later without anybody changing anything.
    """

    retryable: ClassVar[bool] = False


class SourceError(BantinError):
    """A source file cannot be used. `mistakes` has one line for each: `file: field: value: what was expected`."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__(mistakes)
        self.mistakes = mistakes

    def __str__(self) -> str:
        return "\n".join(self.mistakes)
