import pytest

from dialogue.errors import Busy
from stream.models.admission import Admission


def test_a_full_house_says_so_and_a_free_place_is_given_again() -> None:
    places = Admission(2)
    with places.place():
        places.take()
        with pytest.raises(Busy, match="try again"):
            places.take()
        places.leave()
        places.take()
        places.leave()
    assert places.taken == 0
