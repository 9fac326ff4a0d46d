"""The page of a study and its key."""

import base64
import hashlib
import html
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from colorgan.errors import ColorganError
from colorgan.evaluation.study.key import read_key
from colorgan.evaluation.study.making import StudyOptions, make_study
from tests.evaluation.pages import Page
from tests.helpers import photos, recolored, write


@pytest.fixture
def sources(tmp_path):
    """20 photos, and two systems with recognizable colors."""
    images = photos(20, seed=4, size=32)
    folders = {"real": images, "red": recolored(images, 90), "blue": recolored(images, -90)}
    for name, content in folders.items():
        write(content, tmp_path / name)
    return tmp_path


def make(sources, out="study", systems=("red", "blue"), title="A <study> & more", **options):
    folder = sources / out
    paths = [f"{name}={sources / name}" for name in systems]
    key = make_study(paths, reference=sources / "real", out=folder, options=StudyOptions(**options), title=title)
    text = (folder / "study.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'<script type="application/json" id="study">(.*?)</script>', text, re.DOTALL)[1])
    return key, text, data


def pixels(url):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")).astype(int)


def test_page_loads_nothing_and_runs_only_its_own_script(sources):
    _, text, _ = make(sources)
    page = Page(text)
    assert page.addresses == []
    assert page.handlers == []
    assert "A &lt;study&gt; &amp; more" in text
    script, style = re.findall(r"<script>(.*?)</script>|<style>(.*?)</style>", text, re.DOTALL)[::-1]
    for kind, content in (("script-src", script[0]), ("style-src", style[1])):
        expected = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind} 'sha256-{expected}'" in html.unescape(page.policy)
    assert page.policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in page.policy


def test_key_says_what_is_real_and_the_page_does_not(sources):
    key, text, data = make(sources, practice=2, vigilance=2)
    assert read_key(sources / "study") == key
    assert {pair.kind for pair in key.pairs.values()} == {"practice", "test", "vigilance"}
    for pair in [pair for group in data["groups"] for pair in group]:
        entry = key.pairs[pair["name"]]
        original = np.asarray(Image.open(sources / "real" / entry.photo))
        errors = [np.abs(pixels(url) - original).mean() for url in pair["images"]]
        assert int(np.argmin(errors)) == entry.real
        assert min(errors) < 5 < max(errors)
        assert "real" not in pair
    assert all(pair["real"] == key.pairs[pair["name"]].real for pair in data["practice"])
    assert not any(word in text for word in (".png", '"red"', '"blue"', str(sources)))
    assert {pair.real for pair in key.pairs.values() if pair.kind == "test"} == {0, 1}


def test_participants_see_each_photo_once(sources):
    key, _, data = make(sources, photos=10, practice=4, vigilance=3)
    test = [group for group in data["groups"] if key.pairs[group[0]["name"]].kind == "test"]
    assert len(test) == 10
    assert all([key.pairs[pair["name"]].system for pair in group] == ["red", "blue"] for group in test)
    assert all(len({key.pairs[pair["name"]].photo for pair in group}) == 1 for group in test)
    by_kind = {
        kind: {pair.photo for pair in key.pairs.values() if pair.kind == kind}
        for kind in ("practice", "test", "vigilance")
    }
    assert [len(found) for found in by_kind.values()] == [4, 10, 3]
    assert len(set.union(*by_kind.values())) == 17
    order = [key.pairs[group[0]["name"]].kind for group in data["groups"]]
    assert order[:10] != ["test"] * 10  # vigilance pairs are among the others


def test_a_seed_gives_the_same_bytes(sources):
    key, text, _ = make(sources, seed=3)
    again, same, _ = make(sources, "again", seed=3)
    other, different, _ = make(sources, "other", seed=4)
    assert (text, key) == (same, again)
    assert different != text
    assert other.study != key.study


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"photos": 19, "practice": 2},
            "has 20 photos, but the study needs 19, 2 others for practice and 2 for vigilance",
        ),
        ({"photos": 10, "max_bytes": 20_000}, "the page would have .* MB, more than 0.02"),
        ({"practice": 19}, "has 20 photos"),
    ],
)
def test_what_cannot_be_made_is_refused(sources, options, message):
    with pytest.raises(ColorganError, match=message):
        make(sources, **options)
    assert not (sources / "study").exists()


def test_answers_do_not_lose_their_key(sources):
    make(sources)
    (sources / "study" / "answers").mkdir()
    (sources / "study" / "answers" / "a.json").write_text("{}")
    make(sources)  # the same study
    with pytest.raises(ColorganError, match="has answers to another study"):
        make(sources, seed=5)
    with pytest.raises(ColorganError, match="is a file"):
        make(sources, "real/0000.png")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "key.json is missing; give the folder"),
        ("[", "is no JSON"),
        ("[]", "is damaged"),
        ('{"format": "x"}', "is no key of this version"),
        ('{"format": "colorgan study key, version 1", "study": "a"}', "is damaged"),
        ("[" * 5000, "is no JSON|levels deep"),
    ],
)
def test_damaged_keys_are_refused(tmp_path, content, message):
    if content is not None:
        (tmp_path / "key.json").write_text(content)
    with pytest.raises(ColorganError, match=message):
        read_key(tmp_path)
