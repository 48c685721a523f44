"""The comparison of exported artifacts with the bundle."""

from kerascnn.export import saved_model, verify


def test_documents_are_predicted_in_batches(classifiers, folders, texts, tmp_path, monkeypatch):
    folder = folders["news"]
    serving = saved_model.export(classifiers["news"].bundle_, tmp_path)
    predict, sizes = saved_model.load_predict_fn(serving), []

    def record_size(documents):
        sizes.append(len(documents))
        return predict(documents)

    monkeypatch.setattr(saved_model, "latest_version", lambda _: serving)
    monkeypatch.setattr(saved_model, "load_predict_fn", lambda _: record_size)
    documents = (texts["news"] * 10)[: 2 * verify.BATCH_SIZE + 1]
    labels = classifiers["news"].predict(documents)
    rows = {row["artifact"]: row for row in verify.compare_artifacts(classifiers["news"], folder, documents, labels)}
    assert rows[f"serving/{serving.name}"]["accuracy"] == 1
    assert max(sizes) == verify.BATCH_SIZE
