"""One display, renewed after each epoch, with its text; nothing in a plain process."""

from __future__ import annotations

from matplotlib import pyplot as plt

from course_utils.training import Epoch, LiveCurve, live

EPOCHS = [Epoch(1, 2.3, 0.1), Epoch(2, 0.51234, 0.8)]


class Handle:
    def __init__(self) -> None:
        self.shown: list = []

    def update(self, content, metadata, raw) -> None:
        self.shown.append((content, metadata, raw))


def test_one_display_is_renewed(monkeypatch) -> None:
    open_before = plt.get_fignums()
    handle = Handle()

    def display(content, metadata, raw, display_id):
        assert not handle.shown
        assert display_id is True
        handle.update(content, metadata, raw)
        return handle

    monkeypatch.setattr(live, "display", display)
    monkeypatch.setattr(live, "get_ipython", object)
    curve = LiveCurve()
    for epoch in EPOCHS:
        curve(epoch)
    assert curve.history == EPOCHS
    (_, _, _), (content, metadata, raw) = handle.shown
    assert raw
    assert content["text/plain"] == metadata["image/png"]["alt"]
    assert content["text/plain"] == (
        "After epoch 2 the training loss is 0.5123 (2.3000 after epoch 1) "
        "and the training accuracy 0.8000 (0.1000)."
    )
    assert content["image/png"] != handle.shown[0][0]["image/png"]
    assert plt.get_fignums() == open_before


def test_a_plain_process_shows_nothing(capsys) -> None:
    curve = LiveCurve()
    for epoch in EPOCHS:
        curve(epoch)
    assert curve.history == EPOCHS
    assert capsys.readouterr() == ("", "")
