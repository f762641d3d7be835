"""From a branch to the live fix: pull requests, closing keywords, merges, comparison, deployments."""

from typing import Any

import pytest
from github_scene import Scene, new_scene
from githubkit.exception import GraphQLFailed, RequestFailed

from demo.github.model import Deployment

AT: dict[str, Any] = {"owner": "acme", "repo": "clubhouse"}
QUERY = """
query ($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { closingIssuesReferences(first: 10) { nodes { number title } } }
  }
}
"""


async def linked(scene: Scene, number: int) -> list[int]:
    data = await scene.client().graphql.arequest(QUERY, {"owner": "acme", "name": "clubhouse", "number": number})
    return [node["number"] for node in data["repository"]["pullRequest"]["closingIssuesReferences"]["nodes"]]


def propose(scene: Scene, branch: str, body: str, title: str = "Fix it", message: str = "Work") -> int:
    world, repository = scene.world, scene.repository
    world.push(repository, "developer", branch, {f"{branch}.txt": "done"}, message)
    return world.open_pull(repository, "developer", title, body, branch).number


async def test_merging_a_fix_closes_its_issue_in_the_mergers_name(scene: Scene) -> None:
    scene.world.open_issue(scene.repository, "pm", "500 on booking", None)
    number = propose(scene, "fix", "Fixes #1")
    assert await linked(scene, number) == [1]
    await scene.webhooks()

    commit = scene.world.merge(scene.world.pull(scene.repository, number), "maintainer")
    assert await scene.webhooks() == ["pull_request.closed", "issues.closed"]
    told = scene.receiver.last("pull_request.closed")["pull_request"]
    assert (told["merged"], told["merge_commit_sha"], told["merged_by"]["login"]) == (True, commit.sha, "maintainer")
    closed = scene.receiver.last("issues.closed")
    assert (closed["sender"]["login"], closed["issue"]["state_reason"]) == ("maintainer", "completed")

    rest = scene.client().rest
    pull = (await rest.pulls.async_get(**AT, pull_number=number)).parsed_data
    assert (pull.merged, pull.changed_files, pull.commits) == (True, 1, 1)
    assert (await rest.pulls.async_list(**AT)).parsed_data == []
    assert [each.number for each in (await rest.pulls.async_list(**AT, state="closed")).parsed_data] == [number]
    commits = (await rest.pulls.async_list_commits(**AT, pull_number=number)).parsed_data
    assert [each.commit.message for each in commits] == ["Work"]
    files = (await rest.pulls.async_list_files(**AT, pull_number=number)).parsed_data
    assert [each.filename for each in files] == ["fix.txt"]
    # As on GitHub, the list of issues has the pull requests, too.
    every = (await rest.issues.async_list_for_repo(**AT, state="closed")).parsed_data
    assert {(each.number, bool(each.pull_request)) for each in every} == {(1, False), (2, True)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fixes #1", [1]),
        ("Resolved: #1 and closes #2", [1, 2]),
        ("CLOSE acme/clubhouse#2", [2]),
        ("fixed http://127.0.0.1:8000/acme/clubhouse/issues/1", [1]),
        ("fixes other/place#1", []),
        ("see #1", []),
        ("prefixes #1", []),
        ("fixes #99", []),
    ],
)
async def test_closing_keywords_are_read_as_on_github(scene: Scene, text: str, found: list[int]) -> None:
    for title in ("One", "Two"):
        scene.world.open_issue(scene.repository, "pm", title, None)
    assert await linked(scene, propose(scene, "fix", text)) == found


async def test_a_commit_message_closes_without_a_link_and_the_title_counts(scene: Scene) -> None:
    first = scene.world.open_issue(scene.repository, "pm", "One", None)
    second = scene.world.open_issue(scene.repository, "pm", "Two", None)
    number = propose(scene, "fix", "", title="Fixes #2", message="Fixes #1")
    assert await linked(scene, number) == [2]
    scene.world.merge(scene.world.pull(scene.repository, number), "maintainer", "squash")
    assert (first.state, second.state) == ("closed", "closed")


async def test_the_link_may_show_late() -> None:
    scene = new_scene(lag={"graphql": 10})
    scene.world.open_issue(scene.repository, "pm", "One", None)
    number = propose(scene, "fix", "Fixes #1")
    assert await linked(scene, number) == []
    scene.clock.advance(seconds=10)
    assert await linked(scene, number) == [1]


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("{ viewer { login } }", "Field 'viewer' doesn't exist on type 'Query'"),
        (QUERY.replace("title", "titel"), "Field 'titel' doesn't exist on type 'Issue'"),
        (QUERY.replace("(first: 10)", ""), "missing required arguments: first"),
        (QUERY.replace("first: 10", "first: 10, last: 1"), "doesn't accept argument 'last'"),
        (QUERY.replace("$number: Int!", "$number: String!"), "Variable $number"),
        (QUERY.replace("nodes {", "edges {"), "Field 'edges'"),
        (QUERY.rstrip()[:-1], "Unexpected end"),
        ("mutation { x }", "Expected '{'"),
    ],
)
async def test_any_other_query_is_refused_and_recorded(query: str, word: str) -> None:
    scene = new_scene()
    with pytest.raises(GraphQLFailed) as refused:
        await scene.client().graphql.arequest(query, {"owner": "acme", "name": "clubhouse", "number": 1})
    assert word in str(refused.value.response.errors)
    assert len(scene.world.unexpected) == 1


async def test_graphql_says_what_it_cannot_find_or_may_not_show(scene: Scene) -> None:
    async def error(number: int, name: str = "clubhouse") -> str:
        with pytest.raises(GraphQLFailed) as refused:
            await scene.client().graphql.arequest(QUERY, {"owner": "acme", "name": name, "number": number})
        return str(refused.value.response.errors)

    assert "NOT_FOUND" in await error(99)
    assert "Could not resolve to a Repository" in await error(1, "nowhere")
    scene.world.grant(next(iter(scene.world.installations.values())), {"metadata": "read", "issues": "read"})
    assert "FORBIDDEN" in await error(1)


async def test_compare_tells_whether_a_deployed_commit_has_the_fix(scene: Scene) -> None:
    world, repository = scene.world, scene.repository
    start = repository.graph.branches["main"]
    number = propose(scene, "fix", "")
    merged = world.merge(world.pull(repository, number), "maintainer").sha
    later = world.push(repository, "developer", "main", {"later.txt": "x"}, "Later").sha

    async def compared(base: str, head: str) -> tuple[str, int, int]:
        answer = (await scene.client().rest.repos.async_compare_commits(**AT, basehead=f"{base}...{head}")).parsed_data
        assert answer.total_commits == answer.ahead_by
        return answer.status, answer.ahead_by, answer.behind_by

    assert await compared(merged, later) == ("ahead", 1, 0)
    assert await compared(merged, merged) == ("identical", 0, 0)
    assert await compared(merged, start) == ("behind", 0, 2)
    world.push(repository, "developer", "other", {"other.txt": "x"}, "Other")
    world.push(repository, "developer", "main", {"more.txt": "x"}, "More")
    assert await compared("main", "other") == ("diverged", 1, 1)
    assert await compared(start, "main") == ("ahead", 4, 0)
    with pytest.raises(RequestFailed) as refused:
        await compared("main", "nowhere")
    assert refused.value.response.status_code == 404


async def test_two_changes_of_one_file_conflict_and_changes_of_two_do_not(scene: Scene) -> None:
    world, repository = scene.world, scene.repository
    numbers = []
    for branch, files in {
        "a": {"README.md": "A"},
        "b": {"README.md": "B"},
        "c": {"config/defects.txt": None, "c.txt": "C"},
    }.items():
        world.push(repository, "developer", branch, files, branch)
        numbers.append(world.open_pull(repository, "developer", branch, "", branch).number)
    world.merge(world.pull(repository, numbers[0]), "maintainer")
    rest = scene.client().rest
    mergeable = [(await rest.pulls.async_get(**AT, pull_number=number)).parsed_data.mergeable for number in numbers]
    assert mergeable == [None, False, True]
    merged = world.merge(world.pull(repository, numbers[2]), "maintainer")
    assert (merged.files["README.md"], merged.files["c.txt"], "config/defects.txt" in merged.files) == ("A", "C", False)


async def test_a_deployment_goes_live_retires_the_one_before_and_tells_where(scene: Scene) -> None:
    world, repository = scene.world, scene.repository
    rest, sha = scene.client().rest, repository.graph.branches["main"]
    await scene.webhooks()

    async def start(deployment: Deployment) -> str:
        return f"http://clubhouse.test/{deployment.sha}"

    async def fail(_: Deployment) -> str:
        raise RuntimeError("the build is red")

    first = await world.deploy(repository, "developer", "main", "staging", start)
    assert await scene.webhooks() == ["deployment_status.created", "deployment_status.created"]
    told = scene.receiver.last("deployment_status.created")
    assert (told["deployment_status"]["state"], told["deployment"]["sha"]) == ("success", sha)
    assert told["deployment_status"]["environment_url"] == f"http://clubhouse.test/{sha}"
    second = await world.deploy(repository, "developer", sha, "staging")
    broken = await world.deploy(repository, "developer", sha, "production", fail)
    # Two statuses of the second, two of the third, and none for the first that became inactive.
    assert len(await scene.webhooks()) == 4

    listed = (await rest.repos.async_list_deployments(**AT, environment="staging", sha=sha)).parsed_data
    assert [each.id for each in listed] == [second.id, first.id]
    assert (await rest.repos.async_get_deployment(**AT, deployment_id=broken.id)).parsed_data.production_environment
    statuses = (await rest.repos.async_list_deployment_statuses(**AT, deployment_id=first.id)).parsed_data
    assert [each.state for each in statuses] == ["inactive", "success", "in_progress"]
    newest = (await rest.repos.async_list_deployment_statuses(**AT, deployment_id=broken.id)).parsed_data[0]
    assert (newest.state, newest.description) == ("failure", "the build is red")
    one = await rest.repos.async_get_deployment_status(**AT, deployment_id=broken.id, status_id=newest.id)
    assert one.parsed_data.id == newest.id
