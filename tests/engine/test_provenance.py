"""What a score rested on beside the profile: changed data change their hash, layout does not."""

from __future__ import annotations

import shutil

from dgo_twin_plugin.engine import provenance, resources_path


def test_changed_constants_change_their_hash_and_no_other(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "profiles"
    shutil.copytree(resources_path.profiles(), folder)
    monkeypatch.setattr(resources_path, "profiles", lambda: folder)
    before = provenance.data_hashes()
    assert set(before) == {"models", "spreads", "rates", "typology"}
    water = folder / "models" / "water.yml"
    water.write_text(water.read_text("utf-8") + "# another remark\n", "utf-8")
    after = provenance.data_hashes()
    assert after["models"] != before["models"]
    assert {k: v for k, v in after.items() if k != "models"} == {
        k: v for k, v in before.items() if k != "models"}  # fmt: skip


def test_line_ends_do_not_count(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "profiles"
    shutil.copytree(resources_path.profiles(), folder)
    monkeypatch.setattr(resources_path, "profiles", lambda: folder)
    before = provenance.data_hashes()
    rates = folder / "rates.yml"
    rates.write_bytes(rates.read_bytes().replace(b"\n", b"\r\n"))
    assert provenance.data_hashes() == before
