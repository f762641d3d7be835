"""The fixtures of infra_scene, for every test here."""

from infra_scene import options, profile, start_site

__all__ = ["options", "profile", "start_site"]
