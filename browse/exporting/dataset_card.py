"""The card of a Hugging Face dataset: README.md, with columns and places of the rows in its head."""

from typing import Any

import pyarrow as pa
import yaml

_PROSE = """\
# Articles from a bantin archive

{rows} rows: articles of news sites and public portals. Each names its `source`, the `url` it was read from
and when (`fetched_at`, UTC). bantin's docs/archive-format.md tells what each column holds{origins}.

## Rights

The texts and pictures belong to those who published them. This dataset grants no right in them: whoever passes it on,
or trains on it, has to see what the publishers and the law allow, and keeps `source`, `url` and `fetched_at`.
"""


def dataset_card(schema: pa.Schema, languages: list[str], rows: int) -> str:
    """The card for `rows` rows of `schema`.

    The head is described at https://github.com/huggingface/hub-docs/blob/main/datasetcard.md.
    """
    head = {
        "language": languages,
        "license": "other",
        "license_name": "rights-of-the-publishers",
        "license_link": "README.md",
        "pretty_name": "Articles from a bantin archive",
        "configs": [
            {"config_name": "default", "data_files": [{"split": "train", "path": "data/train-*.parquet"}]},
        ],
        "dataset_info": {"features": [_feature(field) for field in schema]},
    }
    shown = {name: value for name, value in head.items() if value}
    origins = "\n(`origins` is a list of {field, value} here)" if "origins" in schema.names else ""
    text = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True)
    return f"---\n{text}---\n\n{_PROSE.format(rows=f'{rows:,}', origins=origins)}"


def _feature(field: pa.Field) -> dict[str, Any]:
    """A column as `datasets.Features` writes it."""
    return {"name": field.name, **_type(field.type)}


def _type(type_: pa.DataType) -> dict[str, Any]:
    if pa.types.is_list(type_):
        inner = type_.value_type
        return {"list": [_feature(one) for one in inner] if pa.types.is_struct(inner) else str(inner)}
    return {"dtype": "date32" if pa.types.is_date32(type_) else str(type_)}
