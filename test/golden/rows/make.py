"""The same rows as pandas and pyarrow write them; `rows.json` holds them as Python's json module does.

    python make.py OUT
"""

import json
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

out = Path(sys.argv[1])
texts = [
    "plain",
    "a, b and \"c\"",
    "two\nlines",
    "carriage\r\nreturn",
    "tab\there",
    "",
    " blanks around ",
    "umlauts äöü, 中文, 🤗",
    "\ufeffmark in the text",
    "nul \x00 inside",
    "line separator \u2028 and \x85",
    "'single' quotes; semicolon",
]
labels = [i % 3 for i in range(len(texts))]
rows = [{"text": text, "label": label} for text, label in zip(texts, labels)]
(out / "rows.json").write_text(json.dumps(rows, indent=1) + "\n")

frame = pd.DataFrame({"text": texts, "label": labels, "note": [1.5] * len(texts)})
frame.to_csv(out / "pandas.csv", index=False)
frame.to_csv(out / "pandas-windows.csv", index=False, lineterminator="\r\n", encoding="utf-8-sig")
frame.to_csv(out / "pandas.tsv", index=False, sep="\t")
frame.to_csv(out / "pandas.csv.gz", index=False, compression={"method": "gzip", "mtime": 0})
frame.to_json(out / "pandas.jsonl", orient="records", lines=True)

table = pa.table({
    "text": pa.array(texts, pa.string()),
    "label": pa.array(labels, pa.int64()),
    "small": pa.array(labels, pa.int8()),
    "unsigned": pa.array(labels, pa.uint32()),
    "large": pa.array(texts, pa.large_string()),
    "category": pa.array([["zero", "one", "two"][i] for i in labels]).dictionary_encode(),
    "binary": pa.array([text.encode() for text in texts], pa.binary()),
    "holes": pa.array([None if i == 4 else text for i, text in enumerate(texts)], pa.string()),
    "when": pa.array(labels, pa.timestamp("ms")),
    "list": pa.array([[text] for text in texts], pa.list_(pa.string())),
    "struct": pa.array([{"text": text} for text in texts]),
})
for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
    pq.write_table(table, out / f"{codec}.parquet", compression=codec)
pq.write_table(table, out / "groups.parquet", row_group_size=5, data_page_version="2.0", use_dictionary=False)
plain = table.select(["text", "label"])
pq.write_table(
    plain,
    out / "delta.parquet",
    use_dictionary=False,
    column_encoding={"text": "DELTA_LENGTH_BYTE_ARRAY", "label": "DELTA_BINARY_PACKED"},
)
pq.write_table(plain, out / "small-pages.parquet", data_page_size=20, write_batch_size=2)
