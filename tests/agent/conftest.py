"""The fixtures of agent_scene, for every test here."""

from agent_scene import apps, scene, start_site

__all__ = ["apps", "scene", "start_site"]
