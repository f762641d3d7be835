"""Why no reply could be had, as one sentence that names the setting and the remedy. Knows no provider."""

from typing import Literal

Fault = Literal["rate_limit", "overloaded", "unreachable", "timeout", "protocol"]


class ModelFailure(Exception):
    """Nothing that another try could mend. `str(failure)` is for people.

    The governor fills in what the call took until then: requests sent, seconds waited, kinds of the faults met.
    """

    tries: int = 1
    waited: float = 0.0
    faults: tuple[str, ...] = ()


class ModelBusy(ModelFailure):
    """Worth another try. `fault` says what it was; `retry_after` is what the server asked to wait, in seconds."""

    def __init__(self, sentence: str, fault: Fault, retry_after: float | None = None):
        super().__init__(sentence)
        self.fault: Fault = fault
        self.retry_after = retry_after


class ContextOverflow(ModelFailure):
    """The request was longer than the model reads. Shortened, it can succeed."""


class CoolDown(ModelFailure):
    """A call whose tries ran out. The role may ask again; several in a row end it."""


class BudgetSpent(ModelFailure):
    """The call would cost more tokens or money than are left; nothing was sent."""


class Interrupted(Exception):
    """Patience ended while we waited for the provider; nothing is in flight. `waited` is in seconds."""

    def __init__(self, waited: float, faults: tuple[str, ...]):
        super().__init__("The wait for the provider was given up.")
        self.waited = waited
        self.faults = faults
