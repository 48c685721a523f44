"""The plot command: pictures of a bundle as files."""

import shutil

from tests.pipelines.conftest import command


def test_draws_every_picture_in_the_formats_asked_for(news_bundle, tmp_path):
    folder, _ = news_bundle
    finished = command("plot", folder, "--plots", "pdf", "svg", "--output", tmp_path / "figures")
    assert finished.status == 0, finished.err
    assert finished.err == f"wrote 14 files to {tmp_path / 'figures'}\n"
    names = {
        "loss_by_epoch",
        "accuracy_by_epoch",
        "confusion_matrix",
        "reliability",
        "roc",
        "precision_recall",
        "coverage",
    }
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {
        f"{name}.{suffix}" for name in names for suffix in ("pdf", "svg")
    }


def test_rejects_what_it_cannot_draw_in_one_line(news_bundle, tmp_path):
    folder, _ = news_bundle
    (tmp_path / "FILE").write_text("")
    for options, complaint in (
        ((tmp_path,), ": not a bundle"),
        ((folder, "--output", tmp_path / "FILE" / "figures"), "FILE is a file"),
        ((folder, "--plots"), "--plots: give one or more of png, svg and pdf"),
    ):
        finished = command("plot", *options)
        assert finished.status == 1 and finished.err.count("\n") == 1
        assert complaint in finished.err


def test_damaged_files_are_named_in_one_line(news_bundle, tmp_path):
    folder = tmp_path / "copy"
    for name in ("history.csv", "labels.txt", "metrics.json"):
        for damage in (lambda path: path.unlink(), lambda path: path.write_text(path.read_text() + "x,y\n1,a\n")):
            shutil.copytree(news_bundle[0], folder)
            damage(folder / name)
            finished = command("plot", folder)
            assert finished.status == 1 and finished.err.startswith(f"error: {folder / name}: ")
            assert finished.err.endswith("copy the bundle again, or train it again\n") and finished.err.count("\n") == 1
            assert not (folder / "plots").exists()
            shutil.rmtree(folder)
