"""Any number of labels per text: give a list of labels for each."""

from kerascnn import TextClassifier

ROWS = [
    ("The battery lasts two days", ["battery"]),
    ("The battery is empty after an hour", ["battery"]),
    ("It charges fast and the battery lasts long", ["battery"]),
    ("The screen is bright and sharp", ["screen"]),
    ("The screen has scratches", ["screen"]),
    ("A large screen with good colors", ["screen"]),
    ("Far too expensive", ["price"]),
    ("A fair price", ["price"]),
    ("The price is low for what you get", ["price"]),
    ("A sharp screen, but the battery is weak", ["battery", "screen"]),
    ("Bright screen, and the battery lasts long", ["battery", "screen"]),
    ("A good battery at a fair price", ["battery", "price"]),
    ("The battery is weak and the price is high", ["battery", "price"]),
    ("Expensive, and the screen is small", ["screen", "price"]),
    ("A sharp screen at a low price", ["screen", "price"]),
    ("It arrived on Monday", []),
    ("I bought it for my sister", []),
    ("The box was blue", []),
]
texts, labels = zip(*ROWS, strict=True)

classifier = TextClassifier(model="bow").fit(texts, labels)

for text in ("The screen is too small", "Weak battery, high price", "My brother has one"):
    # the labels that reach their threshold, with probabilities; there may be none
    print(text, classifier.predict_scored([text])[0])
