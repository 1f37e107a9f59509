"""Paths as people type and paste them."""

from __future__ import annotations

import pytest

from bcweb.paths import pasted


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ('"C:\\Users\\Ann\\my scans"', "C:\\Users\\Ann\\my scans"),  # Windows' "Copy as path"
        ("\u202aC:\\scans", "C:\\scans"),  # and from a file's properties
        ("'/data/my scans'", "/data/my scans"),
        (" /data/scans\r\n", "/data/scans"),
        ("file:///data/my%20scans", "/data/my scans"),
        ("file://localhost/data", "/data"),
        ("file:/data", "/data"),
        ('"FILE:///C:/my%20scans"', "C:/my scans"),
        ("~/scans", "/home/ann/scans"),
        ('"~"', "/home/ann"),
        ("~nobody-of-this-name/x", "~nobody-of-this-name/x"),
        # Nothing is to be changed:
        ("embedded", "embedded"),
        ("hf://user/repo@v1", "hf://user/repo@v1"),
        ("folder:/data/a?energy=low", "folder:/data/a?energy=low"),
        ("/data/100%25", "/data/100%25"),
        ("/data/Ann's", "/data/Ann's"),
        ("/data/\udcff", "/data/\udcff"),  # a name whose bytes are no UTF-8
        ("/data/\0", "/data/\0"),
        # Nothing is meant:
        ("", ""),
        (" ", ""),
        ('""', ""),
        ('"', '"'),
    ],
)
def test_what_is_pasted_is_what_is_meant(said, meant, monkeypatch):
    monkeypatch.setenv("HOME", "/home/ann")
    monkeypatch.setenv("USERPROFILE", "/home/ann")
    assert pasted(said) == meant


def test_what_is_there_as_it_was_typed_is_meant_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for odd in ("'quoted'", " spaced", "~"):
        (tmp_path / odd).mkdir()
        assert pasted(odd) == odd
