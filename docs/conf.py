"""The documentation site: the README, the pages of this folder, and an API reference from the docstrings.

sphinx-build --fail-on-warning --conf-dir docs . build/site
"""

import re
import shutil
from pathlib import Path

from sphinx.search import SearchEnglish

project = "kerascnn"
extensions = ["myst_parser", "autoapi.extension", "sphinx.ext.napoleon"]
root_doc = "README"
include_patterns = ["*.md", "docs/*.md", "saved_models/README.md"]
html_theme = "furo"
html_title = "kerascnn"
html_search_language = "en-zh"
smartquotes = False  # it would turn --option into –option

# anchors of headings as GitHub makes them, so links to headings work in both places
myst_heading_anchors = 3

# the code is read, not imported
autoapi_dirs = ["kerascnn"]
autoapi_generate_api_docs = False
autodoc_member_order = "bysource"
napoleon_custom_sections = [("Call arguments", "params_style")]

# PyPI shows the README too, so it links to files by their full address; on the site they are pages
FILE_URL = re.compile(
    r"\]\(https://(?:github\.com/kerascnn/kerascnn/blob|raw\.githubusercontent\.com/kerascnn/kerascnn)/main/"
)

NAVIGATION = """
```{toctree}
:hidden:
:caption: Guides
docs/installation
docs/tutorial
中文说明 <README.zh>
中文教程 <docs/tutorial.zh>
docs/examples
docs/recipes
docs/data_formats
docs/data_audit
docs/choosing_a_model
docs/training
docs/large_data
docs/experiment_tracking
docs/scikit_learn
docs/reading_the_report
docs/multi_label
docs/tagging
docs/entities
docs/parts_of_speech
中文序列标注 <docs/tagging.zh>
中文命名实体识别 <docs/entities.zh>
中文词性标注 <docs/parts_of_speech.zh>
docs/few_labels
docs/transfer_learning
docs/knowledge_distillation
docs/hyperparameter_search
docs/deployment
docs/sharing
docs/batch_scoring
docs/distributed
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
docs/architecture
CONTRIBUTING
CHANGELOG
SECURITY
```
"""


class SearchEnglishAndChinese(SearchEnglish):
    """Find English words, and Chinese by pairs of neighbouring characters, which need no dictionary of words."""

    lang = "en-zh"
    language_name = "English"  # of the stemmer
    js_splitter_code = r"""
var splitQuery = (query) =>
  query
    .split(/([\u3400-\u9fff]+)|[^\p{Letter}\p{Number}_]+/u)
    .filter((part) => part)
    .flatMap((part) =>
      /^[\u3400-\u9fff]{2}/.test(part) ? [...part].slice(1).map((character, i) => part[i] + character) : [part],
    );
"""

    def split(self, input):
        """Return the words of a text, and the pairs of its Chinese characters."""
        words = []
        for part in re.findall(r"[\u3400-\u9fff]+|[^\W\u3400-\u9fff]+", input):
            is_chinese = len(part) > 1 and "\u3400" <= part[0] <= "\u9fff"
            words += [part[i : i + 2] for i in range(len(part) - 1)] if is_chinese else [part]
        return words


def prepare_readme(app, name, source):
    """Append the navigation to the README, and make its links to files relative."""
    if name == root_doc:
        source[0] = FILE_URL.sub("](", source[0]) + NAVIGATION


def add_index(app, error):
    """Copy the first page to the name that web servers look for."""
    if error is None:
        shutil.copy(Path(app.outdir) / f"{root_doc}.html", Path(app.outdir) / "index.html")


def setup(app):
    """Register the search and connect the functions above to the events of Sphinx."""
    app.add_search_language(SearchEnglishAndChinese)
    app.connect("source-read", prepare_readme)
    app.connect("build-finished", add_index)
