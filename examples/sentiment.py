"""Good or bad: train on sentences, predict, and see which words decide."""

from kerascnn import TextClassifier

GOOD = """\
The food was wonderful and the waiter was kind
I love this phone, the battery lasts two days
A great film with a great cast
Excellent service, we will come back
The best book I have read this year
Lovely room, comfortable bed, friendly staff
Fast delivery and perfect quality
I am very happy with this purchase
Beautiful music, I enjoyed every minute
It works perfectly, highly recommended"""
BAD = """\
The food was cold and the waiter was rude
I hate this phone, the battery lasts two hours
A boring film with a terrible script
Awful service, we will never come back
The worst book I have read this year
Dirty room, uncomfortable bed, rude staff
Late delivery and poor quality
I am very disappointed with this purchase
Terrible music, a waste of time
It broke after a week, not recommended"""

texts = [*GOOD.splitlines(), *BAD.splitlines()]
labels = ["good"] * 10 + ["bad"] * 10

# with thousands of rows leave the model out: word_cnn, the default, reads word order, too
classifier = TextClassifier(model="bow").fit(texts, labels)

for text in ("The waiter was friendly and the food wonderful", "A boring book and a waste of money"):
    [label] = classifier.predict([text])
    print(f"{label:4}  {classifier.explain(text).to_text(color=False)}")
