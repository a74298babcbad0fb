"""How the course's JupyterLab reads notebooks: one that is only opened stays as it is."""

from typing import Any

from ipykernel.ipkernel import IPythonKernel
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

PLAIN = {"name": "python"}  # all that our notebooks say of their language


class Contents(AsyncLargeFileManager):
    """The files on this disk. JupyterLab writes what a kernel says of its language, the version
    too, into each notebook that it opens; where that is there already, nothing changes."""

    async def get(self, *args: Any, **options: Any) -> Any:
        model = await super().get(*args, **options)
        if model["type"] == "notebook" and model["content"]:
            metadata = model["content"]["metadata"]
            if metadata.get("language_info") == PLAIN:
                metadata["language_info"] = dict(IPythonKernel.language_info)
        return model
