"""What the apps folder says about the targets of charters. Read by the handlers; knows no GitHub.

Passwords of test accounts are the explorer's business: they are not read here.
"""

from agent.charter import Charter
from agent.errors import BadInput
from agent.profiles.load import chosen_roles, known_profiles, load_profile
from bot.config import Settings
from bot.domain import charter_form
from bot.domain.charter_form import Problem, Problems


def known(settings: Settings) -> tuple[str, ...]:
    return known_profiles(settings.apps_dir)


def accept(body: str | None, settings: Settings) -> Charter | Problems:
    """The charter of an issue's body, checked against the target it names: all problems at once."""
    draft = charter_form.read(body)
    problems = list(draft.problems)
    if not draft.has_problem("Target"):
        problems += _against_target(draft.charter, settings)
    return Problems(tuple(problems)) if problems else draft.charter


def address(settings: Settings, slug: str) -> str:
    """Where people can open the target; empty when its profile cannot be read any more."""
    if slug in settings.target_urls:
        return settings.target_urls[slug].rstrip("/")
    try:
        return load_profile(settings.apps_dir, slug, environ=None).url
    except BadInput:
        return ""


def environment(settings: Settings, slug: str) -> str:
    """The environment's name in GitHub's deployments. Raises BadInput, in words for an issue."""
    try:
        profile = load_profile(settings.apps_dir, slug, environ=None)
    except BadInput as error:
        raise BadInput(_for_the_issue(error, settings)) from None
    return profile.deployment or profile.environment


def _against_target(charter: Charter, settings: Settings) -> list[Problem]:
    slug = f"{charter.app}/{charter.profile}"
    targets = known(settings)
    if slug not in targets:
        return [Problem("Target", "is not known", ", ".join(targets) or "none yet", slug)]
    try:
        profile = load_profile(settings.apps_dir, slug, environ=None)
    except BadInput as error:
        wrong = f"is known, but its settings cannot be used: {_for_the_issue(error, settings)}"
        return [Problem("Target", wrong, "a target that is in order")]
    try:
        chosen_roles(profile, charter)
    except BadInput:
        names = [role.name for role in profile.roles]
        unknown = [name for name in charter.roles if name not in names]
        return [Problem("Roles", "names a role that the target does not have", ", ".join(names), ", ".join(unknown))]
    return []


def _for_the_issue(error: BadInput, settings: Settings) -> str:
    """Where nobody knows the paths of this machine."""
    return str(error).replace(f"{settings.apps_dir}/", "apps/")
