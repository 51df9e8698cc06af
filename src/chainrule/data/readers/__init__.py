"""Readers: whatever a user has becomes a table.

- `reading` is the door: it finds out what the source is. `sources` says which files are meant, `options` what the user
  may say of them.
- `delimited` reads CSV and its kin: `encoding` (its characters), `dialect` (separator, header, decimals), `inference`
  (types), `records` (which line is wrong).
- `typed` reads what says its types itself: Parquet and JSON. `objects` takes what is in memory, `pictures` folders,
  `archives` what is packed.
- `store` holds the rows, in duckdb; `naming` checks the names of columns.
- `streaming` gives a table in parts.
"""

from chainrule.data.readers.archives import is_archive
from chainrule.data.readers.options import Options
from chainrule.data.readers.reading import read_all_pictures, read_parts, read_table
from chainrule.data.readers.streaming import stream_tables

__all__ = ["Options", "is_archive", "read_all_pictures", "read_parts", "read_table", "stream_tables"]
