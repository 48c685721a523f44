"""The site: the README and the pages beside it, as they stand on GitHub, and a reference made from the docstrings.

sphinx-build --fail-on-warning --conf-dir docs . build/site
"""

import shutil
from pathlib import Path

project = "kerascnn"
extensions = ["myst_parser", "autoapi.extension", "sphinx.ext.napoleon"]
root_doc = "README"
include_patterns = ["*.md", "docs/*.md", "saved_models/README.md"]
html_theme = "furo"
html_title = "kerascnn"

# as GitHub names headings, so that links to them lead there in both places
myst_heading_anchors = 3

# the code is read, not imported
autoapi_dirs = ["kerascnn"]
autoapi_generate_api_docs = False
autodoc_member_order = "bysource"
napoleon_custom_sections = [("Returns of a call", "returns_style")]

NAVIGATION = """
```{toctree}
:hidden:
:caption: Use
中文说明 <README.zh>
docs/recipes
docs/data_formats
docs/choosing_a_model
docs/training
docs/multi_label
docs/hyperparameter_search
docs/transfer_learning
docs/knowledge_distillation
docs/reading_the_report
docs/deployment
docs/batch_scoring
docs/distributed
docs/data_audit
docs/benchmarks
```
```{toctree}
:hidden:
:caption: Reference
docs/settings
docs/commands
docs/api
saved_models/README
```
```{toctree}
:hidden:
:caption: Project
CONTRIBUTING
CHANGELOG
```
"""


def add_navigation(app, name, source):
    """The list of all pages stands beside them on the site; the README has links in its text."""
    if name == root_doc:
        source[0] += NAVIGATION


def add_index(app, error):
    """A server looks for this name."""
    if error is None:
        shutil.copy(Path(app.outdir) / f"{root_doc}.html", Path(app.outdir) / "index.html")


def setup(app):
    """Called by Sphinx."""
    app.connect("source-read", add_navigation)
    app.connect("build-finished", add_index)
