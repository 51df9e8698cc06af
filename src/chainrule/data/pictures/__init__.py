"""Pictures in files.

- `decoding` opens one and gives it as a person sees it, or brought to a size.
- `files` is many of them as one array, decoded when rows are asked for; it counts and names those that are broken.
- `keeping` decodes all of them once, into memory or a mapped file, where they fit there.
- `endings` says what files of pictures are called.
"""

from chainrule.data.pictures.files import PictureFiles

__all__ = ["PictureFiles"]
