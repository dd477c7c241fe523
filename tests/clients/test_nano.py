"""The embedded narrators: they look, they differ in skill, and they never leave the machine."""

import asyncio
import hashlib
import re
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from dermatrust.atlas import draw_facts
from dermatrust.atlas.perception import VERSION, Heads
from dermatrust.atlas.render import render
from dermatrust.clients import AskFailed, Image, Message, Request, open_client
from dermatrust.clients.nano import WEIGHTS, NanoClient, Network, NetworkCard, nano_names, scaled, shrunk
from dermatrust.errors import DataError, ModelError

NARRATORS = ("strong", "middling", "weak")
PAGE = Path(__file__).parents[2] / "docs" / "narrators.md"


def photographed(folder, facts):
    images = []
    for number, view in enumerate(facts.views):
        path = folder / f"{facts.case_id}-{number}.png"
        PIL.Image.fromarray(render(facts, view)).save(path)
        images.append(Image(hashlib.sha256(path.read_bytes()).hexdigest(), path))
    return tuple(images)


def narrate(client, images, **more):
    return asyncio.run(client.ask(Request((Message("user", "Describe.", images),), **more))).text


@pytest.fixture(scope="module")
def held_out():
    return [draw_facts(78, "held-out", number) for number in range(120)]


def accuracy(name, cases, picture_of=None):
    """Share of right diagnoses and sites."""
    network, heads = Network(WEIGHTS / f"narrator-{name}.onnx"), Heads.of_atlas()
    right = np.zeros(2)
    for facts in cases:
        pictures = [PIL.Image.fromarray(render(facts, view)) for view in facts.views]
        chances = network.chances(pictures if picture_of is None else [picture_of])
        for place, (head, truth) in enumerate((("diagnosis", facts.diagnosis), ("site", facts.findings.site))):
            right[place] += heads.values[head][int(chances[head].argmax())] == truth
    return right / len(cases)


def test_three_narrators_are_packaged_and_small():
    assert {f"nano/narrator-{name}" for name in NARRATORS} <= set(nano_names())
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 15e6


def test_the_networks_know_the_findings_and_diseases_of_the_packaged_atlas():
    for name in NARRATORS:
        assert Network(WEIGHTS / f"narrator-{name}.onnx").card.heads == Heads.of_atlas()


def test_outputs_are_read_through_the_network_s_own_heads(held_out):
    network = Network(WEIGHTS / "narrator-strong.onnx")
    pictures = [PIL.Image.fromarray(render(held_out[0], view)) for view in held_out[0].views]
    before = network.perceive(pictures)
    swapped = {name: values[::-1] for name, values in network.card.heads.values.items()}
    network.card = NetworkCard(network.card.side_px, Heads(swapped))
    assert network.perceive(pictures).diagnosis != before.diagnosis


def test_skill_falls_from_strong_to_weak_and_without_the_picture_to_the_prior(held_out):
    strong, middling, weak = (accuracy(name, held_out) for name in NARRATORS)
    assert strong[0] > middling[0] + 0.1
    assert middling[0] > weak[0] + 0.1
    assert strong[1] > weak[1]
    grey = PIL.Image.new("RGB", (336, 336), (128, 128, 128))
    assert accuracy("strong", held_out, grey)[0] < 0.15  # of some fifty diseases the commonest is rarer than that


def test_the_same_photographs_get_the_same_narrative_and_another_draw_other_words(tmp_path, held_out):
    client = open_client("nano/narrator-strong")
    images = photographed(tmp_path, held_out[0])
    assert narrate(client, images) == narrate(NanoClient("nano/narrator-strong"), images)
    assert narrate(client, images) != narrate(client, images, draw=1)
    assert "answer is" in narrate(client, images)


def test_what_a_narrator_says_is_what_it_sees(tmp_path, held_out):
    client = NanoClient("nano/narrator-strong")
    said = client.perceive(photographed(tmp_path, held_out[1]))
    assert said.diagnosis == said.favours
    assert not said.is_refusal
    assert said.size_mm is None


def test_photographs_of_any_size_are_seen_alike():
    drawn = PIL.Image.new("RGB", (64, 32), (255, 0, 128))
    seen = scaled(shrunk(drawn, 16)[None])[0]
    assert seen.shape == (3, 16, 16)
    assert seen.dtype == np.float32
    assert np.allclose(seen[:, 0, 0], [1.0, -1.0, 128 / 127.5 - 1], atol=1e-6)


def test_nothing_leaves_the_machine_and_the_weights_are_part_of_the_reply_s_key():
    client = NanoClient("nano/narrator-weak")
    assert client.needs_images
    assert not client.leaves_machine
    weights = (WEIGHTS / "narrator-weak.onnx").read_bytes()
    endpoint = client.endpoint(Request(()))
    assert endpoint["sha256"] == hashlib.sha256(weights).hexdigest()
    assert re.fullmatch(rf"{VERSION}:[0-9a-f]{{16}}", endpoint["wording"])


def test_bad_names_files_and_requests_are_told(tmp_path):
    with pytest.raises(ModelError, match=r"nano/narrator-stong.*one of nano/"):
        open_client("nano/narrator-stong")
    (tmp_path / "x.onnx").write_bytes(b"not a network")
    with pytest.raises(DataError, match="is not a network of dermatrust"):
        Network(tmp_path / "x.onnx")
    with pytest.raises(DataError, match="cannot be read"):
        Network(tmp_path / "missing.onnx")
    client = NanoClient("nano/narrator-weak")
    with pytest.raises(AskFailed, match="request has none"):
        narrate(client, ())
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8no")
    with pytest.raises(AskFailed, match=r"broken\.jpg cannot be read"):
        narrate(client, (Image("0" * 64, tmp_path / "broken.jpg"),))


def test_the_model_card_is_about_the_packaged_weights():
    card = PAGE.read_text(encoding="utf-8")
    for name in NARRATORS:
        assert Network(WEIGHTS / f"narrator-{name}.onnx").sha256[:16] in card
