"""Learning rates at the steps that matter."""

import keras
import pytest

from kerascnn.training.schedules import WarmupDecay


@pytest.mark.parametrize(
    ("decay", "middle", "end"), [("constant", 0.1, 0.1), ("linear", 0.05, 0.0), ("cosine", 0.05, 0.0)]
)
def test_learning_rate_warms_up_to_the_peak_and_decays(decay, middle, end):
    schedule = WarmupDecay(peak=0.1, warmup_steps=10, total_steps=110, decay=decay)
    assert float(schedule(0)) == pytest.approx(0.01)
    assert float(schedule(4)) == pytest.approx(0.05)
    assert float(schedule(10)) == pytest.approx(0.1)
    assert float(schedule(60)) == pytest.approx(middle, abs=1e-6)
    assert float(schedule(110)) == pytest.approx(end, abs=1e-6)
    assert float(schedule(500)) == pytest.approx(end, abs=1e-6)


def test_learning_rate_starts_at_the_peak_without_warmup():
    assert float(WarmupDecay(peak=0.1, warmup_steps=0, total_steps=10, decay="linear")(0)) == pytest.approx(0.1)


def test_schedule_can_be_serialized():
    schedule = WarmupDecay(peak=0.1, warmup_steps=10, total_steps=110, decay="cosine")
    again = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    assert float(again(60)) == float(schedule(60))
