"""What holds for every published dataset, whatever its layout."""

import pytest

from dermatrust.datasets.sources import READERS
from dermatrust.errors import DataError


@pytest.mark.parametrize("source", READERS)
def test_a_folder_that_holds_something_else_is_one_clear_error(source, tmp_path):
    with pytest.raises(DataError) as caught:
        READERS[source](tmp_path)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("source", READERS)
def test_a_folder_of_images_that_is_none_is_one_clear_error(source, tmp_path):
    with pytest.raises(DataError, match=r"nowhere|--images"):
        READERS[source](tmp_path, image_root=tmp_path / "nowhere")
