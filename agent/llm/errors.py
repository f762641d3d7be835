"""Why no reply could be had, as one sentence that names the setting and the remedy. Knows no provider."""


class ModelFailure(Exception):
    """`str(failure)` is for people. `retry_after` is what the server asked to wait, in seconds, or None."""

    def __init__(self, sentence: str, retry_after: float | None = None):
        super().__init__(sentence)
        self.retry_after = retry_after


class ModelBusy(ModelFailure):
    """Worth another try: a rate limit, a fault of the server, a lost connection, an unreadable answer."""
