"""Chinese reviews: a network over characters, which needs no word segmentation.

pip install "kerascnn[demo-zh]"
"""

from sklearn.model_selection import train_test_split

from kerascnn import TextClassifier
from kerascnn.data.config import SourceConfig
from kerascnn.data.sources import read_rows

# your own files: read_rows(["reviews.csv"], SourceConfig())
rows = [row for row in read_rows(["demo:reviews_zh"], SourceConfig()) if len(row.text) < 60][::20]
texts, labels = [row.text for row in rows], [row.label for row in rows]
train_texts, test_texts, train_labels, test_labels = train_test_split(
    texts, labels, test_size=0.2, stratify=labels, random_state=0
)

classifier = TextClassifier(model="char_cnn", max_length=60, epochs=4, filters=32)
classifier.fit(train_texts, train_labels, verbose=True)

print(f"{classifier.score(test_texts, test_labels):.1%} of {len(test_texts)} test reviews")
for text in ("质量很好，非常喜欢", "包装破了，客服态度很差"):
    print(classifier.predict([text])[0], classifier.explain(text).to_text(color=False))
