"""Looking things up in the catalogue, and its bibliography."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from downrange import catalog
from downrange.errors import InputError


@pytest.mark.parametrize("kind", catalog.KINDS)
def test_each_kind_has_something_and_each_name_a_file(kind):
    assert catalog.names(kind)
    for name in catalog.names(kind):
        file = catalog.find(kind, name)
        assert file.is_file()
        assert (file.parent.name, file.stem) == (kind, name)


def test_the_reference_flight_is_there():
    assert "spectrum-flight-1" in catalog.names("missions")
    assert "spectrum" in catalog.names("vehicles")
    assert "andoya" in catalog.names("sites")


@pytest.mark.parametrize(
    ("kind", "wrong", "right"),
    [
        ("missions", "spectrum-fligth-1", "spectrum-flight-1"),
        ("missions", "spectrum", "spectrum-flight-1"),
        ("vehicles", "Spectrum", "spectrum"),
        ("sites", "andøya", "andoya"),
    ],
)
def test_an_unknown_name_is_told_its_nearest(kind, wrong, right):
    with pytest.raises(InputError) as caught:
        catalog.find(kind, wrong)
    (problem,) = caught.value.problems
    assert wrong in problem.message
    assert right in problem.hint


def test_a_name_like_no_other_is_told_all():
    with pytest.raises(InputError, match=r"known: .*spectrum"):
        catalog.find("vehicles", "q")


def test_a_path_counts_from_the_file_that_names_it(tmp_path, monkeypatch):
    here = tmp_path / "mine.toml"
    here.write_text("")
    assert catalog.find("vehicles", "mine.toml", relative_to=tmp_path) == here
    assert catalog.find("vehicles", str(here)) == here
    assert catalog.find("vehicles", here) == here
    monkeypatch.chdir(tmp_path)
    assert catalog.find("vehicles", "mine.toml").samefile(here)
    assert catalog.find("vehicles", "./mine.toml").samefile(here)


@pytest.mark.parametrize("name", ["gone.toml", "folder/gone", Path("gone")])
def test_a_missing_file_is_told_by_its_path(name, tmp_path):
    with pytest.raises(InputError, match="gone"):
        catalog.find("vehicles", name, relative_to=tmp_path)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError, match="is not a file"):
        catalog.find("vehicles", tmp_path)


def test_the_catalogue_goes_before_a_file_of_the_same_name(tmp_path, monkeypatch):
    (tmp_path / "spectrum").write_text("")
    monkeypatch.chdir(tmp_path)
    assert catalog.find("vehicles", "spectrum").parent.name == "vehicles"


def test_the_bibliography_is_read_whole():
    text = (catalog.FOLDER / "sources.bib").read_text(encoding="utf-8")
    entries = catalog.sources()
    assert list(entries) == re.findall(r"^@\w+\{(\S+),", text, re.M)
    assert sum(len(fields) - 1 for fields in entries.values()) == len(
        re.findall(r"^  \w+ = ", text, re.M)
    )


def test_every_source_has_a_title_a_year_and_what_kind_of_thing_it_is():
    for key, fields in catalog.sources().items():
        assert {"type", "title", "year"} <= set(fields), key
        assert re.fullmatch(r"(19|20)\d\d", fields["year"]), key


def test_estimates_of_our_own_say_how_they_were_made():
    ours = {k: f for k, f in catalog.sources().items() if k.startswith("downrange-")}
    assert ours
    for key, fields in ours.items():
        assert fields["title"].startswith("Estimate made for this catalogue"), key
        assert len(fields["note"]) > 60, key
