"""40 labelled articles: vectors that know which words are alike make up for the missing labels.

pip install "kerascnn[demo,vectors]"
"""

from sklearn.model_selection import train_test_split

from kerascnn import TextClassifier
from kerascnn.data.config import SourceConfig
from kerascnn.data.sources import read_rows

rows = list(read_rows(["demo:bbc"], SourceConfig()))
texts, labels = [row.text for row in rows], [row.label for row in rows]
few_texts, test_texts, few_labels, test_labels = train_test_split(
    texts, labels, train_size=40, test_size=500, stratify=labels, random_state=0
)

for name, settings in {
    "n-grams": {"model": "bow"},
    "n-grams and pretrained word vectors": {"model": "bow", "vectors": "wordllama"},
}.items():
    classifier = TextClassifier(**settings).fit(few_texts, few_labels)
    print(f"{name}: {classifier.score(test_texts, test_labels):.1%}")

# more accurate, and larger: model="sentence_transformer", or model="auto", which compares what is installed
