"""The profile of the test site: three roles, a command that starts it, a reset hook."""

from pathlib import Path

from agent.charter import Profile, ReplayTarget, Role, SignIn

SITE = Path(__file__).with_name("evidence_site.py")


def site_profile(folder: Path, **changes) -> Profile:
    fields = (("Name", "{role}"), ("Password", "{{secret:SITE_PASSWORD}}"))

    def sign_in(name: str) -> SignIn:
        return SignIn("/sign-in", tuple((label, value.replace("{role}", name)) for label, value in fields), "Sign in")

    values = {
        "app": "Site",
        "name": "local",
        "folder": folder,
        "url": "http://127.0.0.1:1",
        "environment": "local",
        "roles": (
            Role("visitor", None),
            Role("member", sign_in("ann"), start="/home"),
            Role("boss", sign_in("boss"), start="/home"),
        ),
        "version_path": "/version",
        "version_key": "app.build",
        "replay": ReplayTarget(
            ("{python}", str(SITE), "--port", "{port}", "--build", "{build}"), "http://127.0.0.1:{port}", "POST /reset"
        ),
        "secrets": (("SITE_PASSWORD", "pa55word!"),),
    }
    return Profile(**{**values, **changes})
