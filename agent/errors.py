"""The one error that people read: a sentence with a remedy, raised before anything was started."""


class BadInput(Exception):
    """Something the user gave cannot be used. `str(error)` is one clear sentence that names the remedy."""
