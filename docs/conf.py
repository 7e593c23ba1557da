"""How the documentation is built: `python -m sphinx -W -q docs docs/_build`."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "Downrange"
author = "The Downrange authors"
project_copyright = f"2026, {author}"
release = version = metadata.version("downrange")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx-mathjax-offline",  # equations without a network
    "from_code",
]
exclude_patterns = ["_build"]
root_doc = "index"
language = "en"
smartquotes = False  # options keep their two dashes
default_role = "code"  # what docstrings put in single backquotes

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_use_ivar = True

html_theme = "furo"
html_title = "Downrange"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["page.css"]
