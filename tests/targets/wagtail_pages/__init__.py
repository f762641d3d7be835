"""The museum's site that `tests.targets.wagtail_site` serves: its kinds of pages, what is on them, its addresses."""
