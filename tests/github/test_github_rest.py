"""The App reads and writes everything it needs; each answer must fit githubkit's model of the real GitHub."""

from base64 import b64decode
from typing import Any

import pytest
from github_scene import Scene
from githubkit.exception import RequestFailed
from githubkit_schemas.latest.models import ContentFile

AT: dict[str, Any] = {"owner": "acme", "repo": "clubhouse"}


async def test_the_app_finds_itself_its_installation_and_its_repository(scene: Scene) -> None:
    app, client = scene.app_client(), scene.client()

    me = (await app.rest.apps.async_get_authenticated()).parsed_data
    assert me is not None
    assert me.slug == "charterbot"
    installed = (await app.rest.apps.async_list_installations()).parsed_data
    assert [each.app_slug for each in installed] == ["charterbot"]
    here = (await app.rest.apps.async_get_repo_installation(**AT)).parsed_data
    assert here.id == installed[0].id
    assert (await app.rest.apps.async_get_installation(here.id)).parsed_data.permissions.issues == "write"
    covered = (await client.rest.apps.async_list_repos_accessible_to_installation()).parsed_data
    assert [each.full_name for each in covered.repositories] == ["acme/clubhouse"]
    repository = (await client.rest.repos.async_get(**AT)).parsed_data
    assert (repository.default_branch, repository.private) == ("main", True)


async def test_the_bot_writes_an_issue_and_its_signature_is_on_it(scene: Scene) -> None:
    rest = scene.client().rest

    made = (await rest.issues.async_create(**AT, title="500 on booking", body="Steps", labels=["bug"])).parsed_data
    assert made.user is not None
    assert (made.number, made.user.login, made.user.type) == (1, "charterbot[bot]", "Bot")
    assert made.performed_via_github_app

    changed = await rest.issues.async_update(
        **AT, issue_number=1, title="500 on booking twice", state="closed", state_reason="not_planned", labels=["x"]
    )
    assert (changed.parsed_data.state, changed.parsed_data.state_reason) == ("closed", "not_planned")
    reopened = (await rest.issues.async_update(**AT, issue_number=1, state="open")).parsed_data
    assert (reopened.state, reopened.title) == ("open", "500 on booking twice")
    read = (await rest.issues.async_get(**AT, issue_number=1)).parsed_data
    assert [label if isinstance(label, str) else label.name for label in read.labels] == ["x"]
    reaction = (await rest.reactions.async_create_for_issue(**AT, issue_number=1, content="eyes")).parsed_data
    assert reaction.content == "eyes"


async def test_labels_are_made_listed_added_and_taken_off(scene: Scene) -> None:
    rest = scene.client().rest
    issue = scene.world.open_issue(scene.repository, "pm", "Charter", None)

    made = await rest.issues.async_create_label(**AT, name="severity:high", color="B60205", description="Bad")
    assert made.parsed_data.color == "b60205"
    added = (await rest.issues.async_add_labels(**AT, issue_number=1, data=["Severity:HIGH", "role/admin"])).parsed_data
    # Names match in any case, and an unknown one is made on the way.
    assert [label.name for label in added] == ["severity:high", "role/admin"]
    again = (await rest.issues.async_add_labels(**AT, issue_number=1, data={"labels": ["bug"]})).parsed_data
    assert len(again) == 3
    left = (await rest.issues.async_remove_label(**AT, issue_number=1, name="role/admin")).parsed_data
    assert [label.name for label in left] == ["severity:high", "bug"]
    assert len((await rest.issues.async_list_labels_on_issue(**AT, issue_number=1)).parsed_data) == 2
    known = (await rest.issues.async_list_labels_for_repo(**AT)).parsed_data
    assert {label.name for label in known} == {"test-charter", "bug", "severity:high", "role/admin"}
    assert (await rest.issues.async_get_label(**AT, name="bug")).parsed_data.name == "bug"
    assert issue.label_names == ["severity:high", "bug"]


async def test_comments_are_written_edited_and_reacted_to_once(scene: Scene) -> None:
    rest = scene.client().rest
    issue = scene.world.open_issue(scene.repository, "pm", "Charter", "")
    asked = scene.world.comment(issue, "pm", "/explore status")

    said = (await rest.issues.async_create_comment(**AT, issue_number=1, body="Running")).parsed_data
    await rest.issues.async_update_comment(**AT, comment_id=said.id, body="Done")
    assert (await rest.issues.async_get_comment(**AT, comment_id=said.id)).parsed_data.body == "Done"
    listed = (await rest.issues.async_list_comments(**AT, issue_number=1)).parsed_data
    assert [each.body for each in listed] == ["/explore status", "Done"]
    first = await rest.reactions.async_create_for_issue_comment(**AT, comment_id=asked.id, content="rocket")
    second = await rest.reactions.async_create_for_issue_comment(**AT, comment_id=asked.id, content="rocket")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.parsed_data.id == second.parsed_data.id


@pytest.mark.parametrize(
    ("login", "role", "folded"),
    [
        ("pm", "triage", "read"),
        ("maintainer", "maintain", "write"),
        ("developer", "write", "write"),
        ("reader", "read", "read"),
        ("outsider", "none", "none"),
    ],
)
async def test_the_bot_learns_a_persons_exact_role(scene: Scene, login: str, role: str, folded: str) -> None:
    answer = await scene.client().rest.repos.async_get_collaborator_permission_level(**AT, username=login)
    assert (answer.parsed_data.role_name, answer.parsed_data.permission) == (role, folded)


async def test_issues_are_filtered_as_on_github(scene: Scene) -> None:
    world, repository = scene.world, scene.repository
    charter = world.open_issue(repository, "pm", "Charter", None, ["test-charter"])
    scene.clock.advance(minutes=2)
    bug = world.open_issue(repository, "developer", "Bug", None, ["bug", "test-charter"])
    world.close_issue(bug, "developer")
    scene.clock.advance(minutes=2)
    world.comment(charter, "pm", "hello")
    moment = scene.clock().replace(microsecond=0)

    async def found(**query: Any) -> list[str]:
        answer = await scene.client().rest.issues.async_list_for_repo(**AT, **query)
        return [issue.title for issue in answer.parsed_data]

    assert await found() == ["Charter"]
    assert await found(state="all") == ["Bug", "Charter"]
    assert await found(state="all", direction="asc") == ["Charter", "Bug"]
    assert await found(state="all", sort="updated") == ["Charter", "Bug"]
    assert await found(state="all", labels="test-charter,bug") == ["Bug"]
    assert await found(state="all", creator="pm") == ["Charter"]
    assert await found(state="all", since=moment) == ["Charter"]
    with pytest.raises(RequestFailed) as refused:
        await scene.client().arequest("GET", "/repos/acme/clubhouse/issues", params={"state": "solved"})
    assert refused.value.response.status_code == 422


async def test_files_folders_and_commits_can_be_read_at_any_commit(scene: Scene) -> None:
    rest, first = scene.client().rest, scene.repository.graph.branches["main"]
    scene.world.push(scene.repository, "developer", "main", {"config/defects.txt": "D02\n", "new.txt": "x"}, "Fix D01")

    async def text(**ref: str) -> str:
        query: dict[str, Any] = {"path": "config/defects.txt"} | ref
        file = (await rest.repos.async_get_content(**AT, **query)).parsed_data
        assert isinstance(file, ContentFile)
        return b64decode(file.content).decode()

    assert await text() == "D02\n"
    assert await text(ref=first) == "D01\nD02\nD03\n"
    file = (await rest.repos.async_get_content(**AT, path=".github/ISSUE_TEMPLATE/test-charter.yml")).parsed_data
    assert isinstance(file, ContentFile)
    folder = (await rest.repos.async_get_content(**AT, path="")).parsed_data
    assert isinstance(folder, list)
    assert {(each.type, each.name) for each in folder} >= {("dir", "config"), ("file", "README.md")}
    commit = (await rest.repos.async_get_commit(**AT, ref="main")).parsed_data
    assert commit.files
    assert [(each.filename, each.status) for each in commit.files] == [
        ("config/defects.txt", "modified"),
        ("new.txt", "added"),
    ]
    assert [each.sha for each in (await rest.repos.async_list_commits(**AT)).parsed_data] == [commit.sha, first]
    absent: list[dict[str, Any]] = [{"path": "no.txt"}, {"path": "README.md", "ref": "no-branch"}]
    for missing in absent:
        with pytest.raises(RequestFailed) as refused:
            await rest.repos.async_get_content(**AT, **missing)
        assert refused.value.response.status_code == 404


async def test_a_check_run_goes_from_queued_to_its_conclusion(scene: Scene) -> None:
    rest, sha = scene.client().rest, scene.repository.graph.branches["main"]

    made = await rest.checks.async_create(**AT, name="Charterbot / fix", head_sha=sha, status="queued", external_id="7")
    check = made.parsed_data
    assert (check.status, check.conclusion, check.external_id) == ("queued", None, "7")
    await rest.checks.async_update(**AT, check_run_id=check.id, status="in_progress")
    await rest.checks.async_update(
        **AT, check_run_id=check.id, conclusion="success", output={"title": "Fixed", "summary": "5 of 5"}
    )
    ended = (await rest.checks.async_get(**AT, check_run_id=check.id)).parsed_data
    assert (ended.status, ended.conclusion, ended.output.summary) == ("completed", "success", "5 of 5")
    assert (await rest.checks.async_list_for_ref(**AT, ref=sha)).parsed_data.total_count == 1
    for wrong in ({"head_sha": "0" * 40}, {"head_sha": sha, "status": "completed"}):
        with pytest.raises(RequestFailed) as refused:
            await scene.client().arequest("POST", "/repos/acme/clubhouse/check-runs", json={"name": "x"} | wrong)
        assert refused.value.response.status_code == 422
