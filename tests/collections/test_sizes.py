"""Tests of what a folder of measurements takes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from genrelib.collections import column_sizes, sizes


def test_the_columns_of_all_parts_and_groups_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = [("rms_mean", pa.float32()), ("mel", pa.list_(pa.float32(), 100))]
    rows = [{"rms_mean": float(k), "mel": [float(k * j) for j in range(100)]} for k in range(40)]
    table = pa.Table.from_pylist(rows, pa.schema(kinds))
    for k in range(2):
        pq.write_table(table, tmp_path / f"part-{k}.parquet", row_group_size=20)
    monkeypatch.setattr(sizes, "open_features", ds.dataset)
    found = column_sizes(tmp_path)
    assert found.index.tolist() == ["rms_mean", "mel"]
    groups = [
        pq.read_metadata(tmp_path / f"part-{k}.parquet").row_group(g)
        for k in range(2)
        for g in range(2)
    ]
    assert found["rms_mean"] == sum(group.column(0).total_compressed_size for group in groups)
    assert found["mel"] == sum(group.column(1).total_compressed_size for group in groups)
    assert found["mel"] > 5 * found["rms_mean"] > 0
