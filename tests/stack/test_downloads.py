"""How files go out again: names from users are encoded, and browsers are told not to guess a type."""

from urllib.parse import quote, unquote

import pytest

from tests.support.journey import Journey, photo

NAMES = ["photo.jpg", 'a "quoted" é.jpg', "x'; filename=page.html; .jpg", "..%2f..%2fetc.jpg"]


@pytest.mark.parametrize("name", NAMES)
def test_download_names_the_file_in_encoded_form_and_forbids_to_guess_its_type(journey: Journey, name: str) -> None:
    person = journey.person()
    path = journey.path(person, journey.new_id(), name)
    person.upload(path, photo(1))
    backend = person.backend
    url = f"http://{backend.storage}/v0/b/{backend.bucket}/o/{quote(path, safe='')}?alt=media"
    answer = person.http.get(url, headers={"Authorization": f"Firebase {person.token}"})
    assert answer.status_code == 200
    disposition, _, encoded = answer.headers["Content-Disposition"].partition("filename*=")
    assert disposition == "inline; "
    assert unquote(encoded.removeprefix("utf-8''")) == name
    assert not set(encoded) & set('"; \r\n')
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
