"""`python -m Space.deploy`: the Space's files in one commit, its settings, and clear refusals."""

from __future__ import annotations

import pytest
import yaml

from Space.deploy import NEEDS, DeployError, Wanted, deploy, main
from Space.tree import sdk_version
from Space.tree import tree as made
from tests import weights_folder
from tests.page.files import png, speckle

REPO = "ann/bcweb"
FILES = {
    "README.md": b"---\nsdk: gradio\n---\n",
    "app.py": b"print()",
    "bcweb/page/launch.py": b"pass",
    "bcweb/pretrained/model.safetensors": bytes(range(256)) * 4096,
    "requirements.txt": b"numpy\n",
}


@pytest.fixture
def tree(monkeypatch) -> dict[str, bytes]:
    """The files that are deployed: few, and to be changed by a test."""
    files = dict(FILES)
    monkeypatch.setattr("Space.tree.tree", lambda models: dict(files))
    return files


@pytest.fixture
def weights(hub, client, tmp_path) -> None:
    """ann/us with the tag v2, for ultrasounds, and ann/mg for mammograms."""
    for name, modality in (("ann/us", "ultrasound"), ("ann/mg", "mammogram")):
        folder = weights_folder.write(tmp_path / modality, modality=modality)
        hub.add_files(name, {file.name: file.read_bytes() for file in folder.iterdir()})
    hub.repository("ann/us").tags["v2"] = hub.repository("ann/us").branches["main"]


# As the page reads a data set from the Hub for a project.
READ = """
import bcweb.page
from bcweb.batch import Stop, apart
from bcweb.cases import read_cases
print(len(apart(read_cases, "hf:ann/ward", Stop()).cases))
"""


def models(hub) -> list[str]:
    return yaml.safe_load(contents(hub)["README.md"].decode().split("---\n")[1])["models"]


def refused(*arguments, **options) -> str:
    with pytest.raises(DeployError) as caught:
        deploy(Wanted(*arguments, **options))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def contents(hub) -> dict[str, bytes]:
    files = hub.repository(REPO, "space").find("main").files
    return {name: blob.data for name, blob in files.items() if name != ".gitattributes"}


def test_a_space_is_made_of_one_commit(hub, client, tree):
    deployed = deploy(Wanted(REPO))
    assert (deployed.repo, deployed.page, deployed.new) == (REPO, f"{hub.url}/spaces/{REPO}", True)
    repo = hub.repository(REPO, "space")
    assert not repo.private
    assert (repo.space.sdk, repo.space.hardware) == ("gradio", "cpu-basic")
    assert [commit.title for commit in repo.history()] == ["The app as it is now", "initial commit"]
    assert contents(hub) == tree


def test_the_whole_app_arrives_as_it_is_assembled(hub, client, weights):
    deploy(Wanted(REPO, variables={"BCWEB_WEIGHTS_ULTRASOUND": "hf://ann/us@v2"}))
    there = contents(hub)
    assert there == made(["ann/us"])
    front = yaml.safe_load(there["README.md"].decode().split("---\n")[1])
    assert (front["sdk"], front["sdk_version"]) == ("gradio", sdk_version())
    assert (front["app_file"], front["license"], front["hf_oauth"]) == (
        "app.py",
        "apache-2.0",
        True,
    )
    assert front["models"] == ["ann/us"]
    large = [
        name
        for name, blob in hub.repository(REPO, "space").find("main").files.items()
        if blob.large
    ]
    assert sorted(large) == [
        "bcweb/pretrained/mammogram/model.safetensors",
        "bcweb/pretrained/mammogram/study.png",
        "bcweb/pretrained/ultrasound/model.safetensors",
        "bcweb/pretrained/ultrasound/study.png",
    ]  # fmt: skip


def test_deploying_again_makes_one_commit_more_and_removes_what_is_gone(hub, client, tree):
    deploy(Wanted(REPO))
    tree["app.py"] = b"print(2)"
    tree["bcweb/new.py"] = b""
    del tree["requirements.txt"]
    assert deploy(Wanted(REPO)).new
    assert len(hub.repository(REPO, "space").history()) == 3
    assert contents(hub) == tree
    assert len(hub.made("PUT", "/upload/")) == 1, "the weights were not sent again"


def test_the_same_again_makes_no_commit(hub, client, tree):
    deploy(Wanted(REPO))
    assert not deploy(Wanted(REPO)).new
    assert len(hub.repository(REPO, "space").history()) == 2


def test_settings_are_set_once_and_others_stay(hub, client, tree):
    deploy(Wanted(REPO, variables={"A": "1"}))
    space = hub.repository(REPO, "space").space
    space.variables["THEIRS"], space.hardware = "x", "cpu-upgrade"
    hub.requests.clear()
    deploy(Wanted(REPO, variables={"A": "1", "B": "2"}, secrets={"HF_TOKEN": "hf_x"}))
    assert space.variables == {"A": "1", "B": "2", "THEIRS": "x"}
    assert space.secrets == {"HF_TOKEN": "hf_x"}
    assert space.hardware == "cpu-upgrade", "what is not named stays"
    assert len(hub.made("POST", "/variables")) == 1
    assert not hub.made("POST", "/hardware")


def test_the_card_names_the_weights_that_the_space_has_whoever_set_them(hub, client, weights):
    deploy(Wanted(REPO, variables={"BCWEB_WEIGHTS_ULTRASOUND": "hf://ann/us@v2"}))
    assert not deploy(Wanted(REPO)).new, "settings that are not named stay as they are"
    assert models(hub) == ["ann/us"]
    deploy(Wanted(REPO, variables={"BCWEB_WEIGHTS_MAMMOGRAM": "hf://ann/mg"}))
    assert models(hub) == ["ann/us", "ann/mg"]


def test_the_embedded_weights_can_be_gone_back_to(hub, client, weights, capsys):
    assert main([REPO, "--weights-ultrasound", "hf://ann/us@v2"]) == 0
    assert main([REPO, "--weights-ultrasound", "embedded"]) == 0
    assert hub.repository(REPO, "space").space.variables == {"BCWEB_WEIGHTS_ULTRASOUND": "embedded"}
    assert models(hub) == []
    assert main([REPO, "--variable", "BCWEB_WEIGHTS_ULTRASOUND="]) == 0
    assert models(hub) == []


@pytest.mark.parametrize("way", ["--weights-mammogram={}", "--variable=BCWEB_WEIGHTS_MAMMOGRAM={}"])
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("runs/x", "A Space takes its weights from the Hub, hf://user/repo@v1, and not from runs/x."),
        ("hf://ann/us@v2", "hf://ann/us@v2 was trained on ultrasounds and is not used on mammograms."),
        ("hf://ann/us@v9", "ann/us has no revision v9; it has v2, main."),
        ("hf://ann/no", "There is no repository ann/no, or your token may not read it."),
        ("hf://ann/bert", "ann/bert@main holds no weights: it has no model.safetensors."),
    ],
)  # fmt: skip
def test_weights_that_a_space_could_not_begin_with_are_refused(
    hub, weights, tree, capsys, way, name, sentence
):
    hub.add_files("ann/bert", {"config.json": b"{}"})
    assert main([REPO, way.format(name)]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == sentence
    assert ("space", REPO) not in hub.store.repositories
    assert not hub.made("GET", "/object/"), "nothing large is downloaded"


def test_hardware_is_asked_for_when_it_is_another(hub, client, tree):
    deploy(Wanted(REPO, hardware="cpu-upgrade"))
    assert hub.repository(REPO, "space").space.hardware == "cpu-upgrade"
    deploy(Wanted(REPO, hardware="cpu-upgrade"))
    assert not hub.made("POST", "/hardware")
    deploy(Wanted(REPO, hardware="cpu-basic"))
    assert hub.repository(REPO, "space").space.hardware == "cpu-basic"


def test_a_private_bucket_is_attached_for_the_verdicts(hub, client, tree):
    for _ in range(2):
        deploy(Wanted(REPO, bucket="ann/verdicts"))
    space = hub.repository(REPO, "space").space
    assert hub.store.buckets == {"ann/verdicts": True}
    assert space.variables == {"BCWEB_BACKUP": "/backup"}
    assert space.volumes == [{"type": "bucket", "source": "ann/verdicts", "mountPath": "/backup"}]
    assert len(hub.made("PUT", "/volumes")) == 1
    hub.store.buckets["ann/open"] = False
    assert "ann/open is public, and verdicts are not" in refused(REPO, bucket="ann/open")
    assert main([REPO, "--bucket", "hf://ann/verdicts"]) == 0, "as the Space may be named"


def test_a_folder_of_a_bucket_may_be_what_verdicts_are_kept_in(hub, client, tree):
    """So that two Spaces can share one."""
    ward = "BCWEB_BACKUP=/backup/ward7"
    assert main([REPO, "--bucket", "ann/verdicts", "--variable", ward]) == 0
    space = hub.repository(REPO, "space").space
    assert space.variables == {"BCWEB_BACKUP": "/backup/ward7"}
    assert space.volumes == [{"type": "bucket", "source": "ann/verdicts", "mountPath": "/backup"}]


def test_what_a_bucket_is_refused_with_is_about_the_bucket(hub, client, tree):
    assert refused(REPO, bucket="bob/verdicts") == (
        "bob/verdicts belongs to bob, and your token to ann: ann/verdicts would do."
    )
    hub.fail("POST", "/api/buckets/", 403)
    assert refused(REPO, bucket="ann/verdicts").startswith(
        "Your token may not do that to ann/verdicts: "
    )
    assert not hub.store.buckets and not hub.store.repositories


def test_private_holds_for_a_new_space_and_is_not_taken_back(hub, client, tree):
    deploy(Wanted("ann/closed", private=True))
    assert hub.repository("ann/closed", "space").private
    deploy(Wanted("ann/closed"))
    assert hub.repository("ann/closed", "space").private
    deploy(Wanted(REPO))
    assert refused(REPO, private=True).startswith("ann/bcweb is public, which only its page can")


def test_a_new_space_is_private_where_all_of_its_owners_are(hub, client, tree):
    hub.store.closed.add("ann")
    deploy(Wanted(REPO))
    assert hub.repository(REPO, "space").private


def test_an_account_without_a_plan_learns_what_it_needs(hub, client, tree, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", hub.add_user("eve", pays=False))
    sentence = refused("eve/bcweb")
    assert sentence.startswith("The Hub does not create eve/bcweb: Subscribe to PRO")
    assert sentence.endswith(NEEDS)
    assert deploy(Wanted("eve/bcweb", hardware="cpu-upgrade")).new


def test_who_may_not_deploy_learns_why(hub, client, tree, monkeypatch):
    assert refused("bob/bcweb").startswith("bob/bcweb belongs to bob, and your token to ann")
    monkeypatch.setenv("HF_TOKEN", hub.add_user("ann", role="read"))
    assert refused(REPO).startswith("Your token may only read")
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert refused(REPO).startswith("The Hub does not accept your token")
    monkeypatch.delenv("HF_TOKEN")
    assert refused(REPO).startswith("There is no Hugging Face token")
    assert not hub.store.repositories


@pytest.mark.parametrize("name", ["bcweb", "ann/b/c"])
def test_a_name_that_is_no_spaces_is_said_before_a_token_is_missed(monkeypatch, capsys, name):
    monkeypatch.delenv("HF_TOKEN", raising=False)
    assert main([name]) == 1
    assert capsys.readouterr().err == f"{name} is not of the form user/name.\n"


@pytest.mark.parametrize("files", [("main.py",), ("app.py", "requirements.txt"), ("LICENSE",)])
def test_a_space_of_something_else_is_left_alone(hub, client, tree, files):
    hub.add_files(REPO, dict.fromkeys((*files, "README.md"), b""), kind="space")
    assert refused(REPO) == "ann/bcweb holds something else than this app; name another."
    assert len(hub.repository(REPO, "space").history()) == 2


@pytest.mark.parametrize(
    ("method", "path", "what"),
    [("PUT", "/upload/", 403), ("POST", "/commit/", "cut"), ("POST", "/commit/", "deaf"),
     ("POST", "/variables", 500)],
)  # fmt: skip
def test_what_was_cut_off_goes_on_with_the_same_command(hub, client, tree, method, path, what):
    wanted = Wanted(REPO, variables={"A": "1"})
    hub.fail(method, path, what, times=9 if what == 500 else 1)
    with pytest.raises(DeployError):
        deploy(wanted)
    hub._faults.clear()
    deploy(wanted)
    assert contents(hub) == tree
    assert len(hub.repository(REPO, "space").history()) == 2


def test_no_network_is_one_sentence(client, tree, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert refused(REPO) == "The Hub cannot be reached at http://127.0.0.1:9."


def test_a_networks_login_page_is_not_taken_for_the_hub(hub, client, tree):
    hub.fail("GET", "", b"<html>Please log in to this network.</html>", times=99)
    assert refused(REPO).startswith(f"What answers at {hub.url} is not the Hugging Face Hub; ")


def test_the_command_says_where_the_space_is_and_what_the_account_needs(
    hub, client, tree, weights, capsys, monkeypatch
):
    monkeypatch.setenv("MY_TOKEN", "hf_x")
    told = [
        REPO,
        "--secret",
        "MY_TOKEN",
        "--variable",
        "A=b=c",
        "--weights-mammogram",
        "hf://ann/mg",
    ]
    assert main(told) == 0
    assert capsys.readouterr().out == (
        f"Deployed: {hub.url}/spaces/{REPO}, which takes some minutes to build. {NEEDS}\n"
    )
    space = hub.repository(REPO, "space").space
    assert space.variables == {"A": "b=c", "BCWEB_WEIGHTS_MAMMOGRAM": "hf://ann/mg"}
    assert space.secrets == {"MY_TOKEN": "hf_x"}
    page = f"{hub.url}/spaces/{REPO}"
    assert main(told) == 0, "nobody can tell whether a secret is another"
    assert capsys.readouterr().out == (
        f"Its settings are set, its files are the same: {page}, which starts again.\n"
    )
    assert main([REPO, "--variable", "A=b=c"]) == 0
    assert capsys.readouterr().out == f"Nothing has changed: {page}\n"
    for setting in ("--variable=A=c", "--hardware=cpu-upgrade", "--bucket=ann/verdicts"):
        assert main([REPO, setting]) == 0
        assert capsys.readouterr().out.startswith("Its settings are set"), setting
        assert main([REPO, setting]) == 0
        assert capsys.readouterr().out.startswith("Nothing has changed"), setting


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--variable", "A"], "A variable is named NAME=VALUE, not A."),
        (["--secret", "NOWHERE"],
         "The value of the secret NOWHERE is taken from the environment, which has none."),
        (["--variable", "BCWEB_WEIGHTS_ULTRASOUND=runs/x"],
         "A Space takes its weights from the Hub, hf://user/repo@v1, and not from runs/x."),
        (["--weights-ultrasound", "hf://x"], "x is not of the form user/repo@revision."),
        (["--bucket", ""], "An empty name is not of the form user/name."),
        (["--bucket", "verdicts"], "verdicts is not of the form user/name."),
        (["--bucket", "ann/verdicts/2026"], "ann/verdicts/2026 is not of the form user/name."),
        (["--bucket", "ann/verdicts", "--variable", "BCWEB_BACKUP=hf://ann/kept"],
         "The bucket is attached at /backup, so BCWEB_BACKUP names that or a folder below it, not hf://ann/kept."),
        (["--bucket", "ann/verdicts", "--variable", "BCWEB_BACKUP=/backups"],
         "The bucket is attached at /backup, so BCWEB_BACKUP names that or a folder below it, not /backups."),
        (["--hardware", "zero-a10g"], "zero-a10g is for functions on a GPU, which this app has none of."),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_said_before_anybody_is_asked(
    hub, client, tree, tmp_path, capsys, arguments, sentence
):
    for dry in ([], ["--dry-run", str(tmp_path / "tree")]):
        assert main([REPO, *arguments, *dry]) == 1
        assert capsys.readouterr().err == sentence + "\n"
    assert hub.requests == []


def test_no_files_name_of_a_data_set_gets_into_the_log_of_a_space(hub, python):
    """There bars of downloads, which these names are the titles of, are drawn without a terminal."""
    table = b"file_name,label,modality\na.png,normal,mammogram\n"
    files = {"Meyer/a.png": png(speckle(64, 64)), "Meyer/metadata.csv": table}
    hub.add_files("ann/ward", files, kind="dataset")
    space = {"TQDM_POSITION": "-1", "HF_HUB_DISABLE_PROGRESS_BARS": None, "HF_HUB_DISABLE_XET": "1"}
    done = python("-c", READ, env=space)
    assert done.stdout.splitlines()[-1:] == ["1"], done.stderr
    assert "Meyer" not in done.stderr + done.stdout


def test_a_dry_run_writes_the_files_and_asks_nobody(hub, client, tree, tmp_path, capsys):
    place = tmp_path / "tree"
    assert main([REPO, "--dry-run", str(place), "--bucket", "ann/verdicts"]) == 0
    written = {
        f.relative_to(place).as_posix(): f.read_bytes() for f in place.rglob("*") if f.is_file()
    }
    assert written == tree
    assert f"{len(tree)} files" in (said := capsys.readouterr().out)
    assert "BCWEB_BACKUP=/backup" in said and NEEDS in said
    assert main([REPO, "--dry-run", str(place)]) == 1
    assert capsys.readouterr().err == f"{place} is not empty; name a new folder.\n"
    assert hub.requests == []
