"""What can go wrong with a call, as opposed to a page: pages that are no articles are `Rejected`, not raised.

BantinError
├── CleaningError    the cleaner was given something it cannot work with
└── RuleError        a file of furniture rules is wrong: mend the field it names
"""

from model.errors import BantinError


class CleaningError(BantinError):
    """The call cannot be answered. `url` is the page it was about."""

    def __init__(self, message: str, url: str) -> None:
        super().__init__(message, url)
        self.message = message
        self.url = url

    def __str__(self) -> str:
        return f"{self.url}: {self.message}"


class RuleError(BantinError):
    """A file of furniture rules is wrong. `file`, `rule` and `field` say where, `message` what was expected."""

    def __init__(self, message: str, file: str, rule: str = "", field: str = "") -> None:
        super().__init__(message, file, rule, field)
        self.message = message
        self.file = file
        self.rule = rule
        self.field = field

    def __str__(self) -> str:
        place = [self.file, f"rule {self.rule}" if self.rule else "", self.field]
        return ": ".join(part for part in (*place, self.message) if part)
