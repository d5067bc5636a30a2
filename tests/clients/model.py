"""Takes the service model of DataSync out of a downloaded botocore.

usage: model.py WHEELS MODEL: the directory with the wheel, the directory that AWS_DATA_PATH is to name.
"""

import pathlib
import sys
import zipfile

(wheel,) = pathlib.Path(sys.argv[1]).glob("botocore-*.whl")
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.startswith("botocore/data/datasync/2018-11-09/"):
            target = pathlib.Path(sys.argv[2], *pathlib.PurePosixPath(name).parts[2:])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(name))
