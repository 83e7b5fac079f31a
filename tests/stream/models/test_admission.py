"""Admission: sessions up to the capacity, Busy beyond it."""

import pytest

from dialogue.errors import Busy
from stream.models.admission import Admission


def test_a_session_beyond_the_capacity_is_refused_until_a_place_is_free() -> None:
    places = Admission(2)
    with places.place():
        places.take()
        with pytest.raises(Busy, match="try again"):
            places.take()
        places.leave()
        places.take()
        places.leave()
    assert places.taken == 0
