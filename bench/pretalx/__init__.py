"""pretalx as a target under test: an app of people who know nothing of us, in an environment of its own, with faults
that our middleware plants from outside. Nothing of pretalx is imported, changed or shipped here."""
