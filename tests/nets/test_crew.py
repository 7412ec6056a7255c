import pytest
import torch

from voxloop_shared.nets import crew
from voxloop_shared.nets.crew import side_by_side


@pytest.fixture(params=[1, 2])
def _cores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "thread_count", lambda: request.param)


@pytest.mark.usefixtures("_cores")
def test_every_piece_is_done_once() -> None:
    found = torch.zeros(100)
    side_by_side(lambda number: found[number].add_(number), range(100))
    assert torch.equal(found, torch.arange(100.0))


@pytest.mark.usefixtures("_cores")
def test_what_a_piece_raises_comes_out() -> None:
    def fail(number: int) -> None:
        if number == 3:
            raise LookupError(number)

    with pytest.raises(LookupError, match="3"):
        side_by_side(fail, range(8))


@pytest.mark.usefixtures("_cores")
def test_pieces_are_computed_in_the_mode_of_the_one_who_asks() -> None:
    seen: list[tuple[bool, bool]] = []

    def look(_number: int) -> None:
        seen.append((torch.is_inference_mode_enabled(), torch.is_grad_enabled()))

    with torch.inference_mode():
        side_by_side(look, range(3))
    with torch.no_grad():
        side_by_side(look, range(3))
    side_by_side(look, range(3))
    assert seen == [(True, False)] * 3 + [(False, False)] * 3 + [(False, True)] * 3


def test_torch_uses_as_many_threads_elsewhere_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "thread_count", lambda: 2)
    before, inside = torch.get_num_threads(), []
    side_by_side(lambda _number: inside.append(torch.get_num_threads()), range(4))
    assert torch.get_num_threads() == before
    assert inside == [1] * 4
