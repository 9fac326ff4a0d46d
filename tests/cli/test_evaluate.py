import csv
import json
import re
import shutil

import numpy as np
import pytest
import torch
import torch_fidelity
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.io import imread
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from colorgan.errors import ColorganError
from colorgan.metrics.features import FeatureExtractor
from tests.helpers import photos, recolored, run_command, write
from tests.wandb_reader import read_run

pytestmark = pytest.mark.usefixtures("offline_cache")


@pytest.fixture
def evaluate(reference_folder, tmp_path, monkeypatch, tiny_features):
    """Runs the command on small photos with a tiny extractor, and returns the folder and the metrics of the report."""
    monkeypatch.setattr("colorgan.evaluation.report.evaluation.JUDGE", tiny_features)

    def run(*arguments, out="report"):
        folder = tmp_path / out
        assert run_command("evaluate", [*arguments, "--data.root", reference_folder, "--out", folder]) == 0
        return folder, json.loads((folder / "metrics.json").read_text())

    return run


def value(document, system, metric):
    return document["systems"][system]["results"][metric]["value"]


def test_results_match_other_programs_on_the_saved_images(evaluate, image_folder, tiny_features, tmp_path):
    folder, document = evaluate(f"theirs={image_folder}", "--images", "all", "--kid-subset-size", 5)
    reference = folder / "images" / "reference" / "roses"
    for system, images in (("theirs", image_folder / "roses"), ("gray", folder / "images" / "gray" / "roses")):
        fidelity = torch_fidelity.calculate_metrics(
            input1=str(images),
            input2=str(reference),
            fid=True,
            kid=True,
            kid_subset_size=5,
            feature_extractor=tiny_features,
            cuda=False,
            cache=False,
            save_cpu_ram=True,
            verbose=False,
        )
        assert value(document, system, "fd_tiny_test") == pytest.approx(
            fidelity["frechet_inception_distance"], rel=1e-3
        )
        kernel = document["systems"][system]["results"]["kd_tiny_test"]
        assert kernel["value"] == pytest.approx(1000 * fidelity["kernel_inception_distance_mean"], rel=1e-3)
        deviation = 1000 * fidelity["kernel_inception_distance_std"]
        assert (kernel["high"] - kernel["low"]) / 2 == pytest.approx(deviation, rel=1e-3)

        pairs = [(imread(images / file.name), imread(file)) for file in sorted(reference.iterdir())]
        window = {"channel_axis": -1, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        expected = {
            "psnr": [peak_signal_noise_ratio(b, a) for a, b in pairs],
            "ssim": [structural_similarity(b, a, **window) for a, b in pairs],
            "ciede2000": [deltaE_ciede2000(rgb2lab(a), rgb2lab(b)).mean() for a, b in pairs],
            "ab_error": [np.abs(rgb2lab(a) - rgb2lab(b))[..., 1:].mean() for a, b in pairs],
            "margin_accuracy": [(np.abs(a.astype(int) - b) <= 12).all(-1).mean() for a, b in pairs],
        }
        for metric, values in expected.items():
            assert value(document, system, metric) == pytest.approx(np.mean(values), abs=1e-4, rel=1e-4), metric


def test_baselines_have_expected_values(evaluate, image_folder):
    _, document = evaluate(f"theirs={image_folder}")
    assert abs(value(document, "reference", "fd_tiny_test")) < 1e-3
    assert value(document, "reference", "psnr") == "inf"
    assert value(document, "reference", "ssim") == pytest.approx(1.0)
    assert value(document, "reference", "delta_cf") == 0
    assert (
        value(document, "reference halves", "fd_tiny_test_disjoint")
        == value(document, "reference", "fd_tiny_test_disjoint")
        > 0
    )
    for metric in ("delta_cf", "delta_cf_paired", "delta_cf_signed"):
        gray = value(document, "gray", metric)
        assert all(gray >= value(document, system, metric) for system in ("theirs", "mean color", "reference"))
    assert value(document, "gray", "colorfulness") < 0.2
    cf = {name: value(document, name, "colorfulness") for name in ("theirs", "reference")}
    assert value(document, "theirs", "delta_cf") == pytest.approx(abs(cf["theirs"] - cf["reference"]), abs=1e-5)


def test_output_is_deterministic(evaluate, image_folder):
    first, again = (evaluate(f"theirs={image_folder}", out=out)[0] for out in ("first", "again"))
    for name in ("metrics.json", "per_photo.csv"):
        assert (again / name).read_bytes() == (first / name).read_bytes()


def test_reference_features_are_cached(
    reference_folder,
    image_folder,
    tmp_path,
    offline_cache,
    monkeypatch,
    tiny_features,
):
    from colorgan.evaluation.report.measure import measure
    from colorgan.evaluation.report.photos import ReferencePhotos, Resize
    from colorgan.evaluation.report.systems import ReferenceSystem

    batch_sizes = []
    extract = FeatureExtractor.__call__
    monkeypatch.setattr(FeatureExtractor, "__call__", lambda self, x: (batch_sizes.append(len(x)), extract(self, x))[1])
    extractor = FeatureExtractor(tiny_features)
    extractor.sha256 = "the same weights"

    def run(resize=None, limit=None):
        batch_sizes.clear()
        measurements = measure(ReferencePhotos(reference_folder, resize, limit), [ReferenceSystem()], [extractor], [])
        return measurements["reference"].features[extractor.metric], sum(batch_sizes)

    fresh, extracted = run()
    assert extracted == 8
    cached, extracted = run()
    assert extracted == 0
    assert np.array_equal(fresh, cached)
    assert run(Resize(16))[1] == 8
    assert run(limit=5)[1] == 5
    files = list((offline_cache / "evaluation").glob("*.npz"))
    for content in (b"PK broken", files[0].read_bytes()[:-200]):
        for damaged in files:
            damaged.write_bytes(content)
        assert run()[1] == 8
        assert run()[1] == 0
    extractor.sha256 = "other weights"
    assert run()[1] == 8
    extractor.sha256 = None  # unknown weights are not cached
    run()
    assert run()[1] == 8


def test_baselines_are_measured_once(reference_folder, offline_cache, monkeypatch):
    from colorgan.evaluation.report import measurement_cache
    from colorgan.evaluation.report.measure import measure
    from colorgan.evaluation.report.photos import ReferencePhotos
    from colorgan.evaluation.report.systems import ConstantColorSystem
    from colorgan.metrics.registry import photo_metrics

    photos = ReferencePhotos(reference_folder)
    painted = []
    paint = ConstantColorSystem.images
    monkeypatch.setattr(
        ConstantColorSystem, "images", lambda self, *batch: (painted.append(self.a), paint(self, *batch))[1]
    )

    def run(a=10.0, settings="margin 12", **options):
        painted.clear()
        measured = measure(photos, [ConstantColorSystem("brown", a)], [], photo_metrics(), settings=settings, **options)
        return measured["brown"], len(painted)

    first, count = run()
    assert count > 0
    again, count = run()
    assert count == 0
    assert again.values.keys() == first.values.keys()
    assert all(np.array_equal(again.values[key], first.values[key]) for key in first.values)
    assert np.array_equal(again.histogram, first.histogram)
    assert first.histogram.sum() == 8 * 32 * 32
    assert run(a=11.0)[1] > 0  # another color
    assert run(settings="margin 6")[1] > 0
    assert all(run(settings=None)[1] > 0 for _ in range(2))  # unknown settings
    images = offline_cache / "images"
    assert run(image_folders={"brown": images})[1] > 0  # not measured, but written
    assert len(list(images.rglob("*.png"))) == 8
    assert run()[1] == 0
    monkeypatch.setattr(measurement_cache, "version", lambda package: "another version")
    measurement_cache._code_digest.cache_clear()
    assert run()[1] > 0
    measurement_cache._code_digest.cache_clear()


def test_threads_change_no_measurement(reference_folder, offline_cache, tiny_features):
    from colorgan.evaluation.report.measure import measure
    from colorgan.evaluation.report.photos import ReferencePhotos
    from colorgan.evaluation.report.systems import ReferenceSystem
    from colorgan.metrics.registry import photo_metrics

    num_threads = torch.get_num_threads()
    results = []
    try:
        for count in (1, 3):
            torch.set_num_threads(count)
            systems, extractors = [ReferenceSystem()], [FeatureExtractor(tiny_features)]
            results.append(
                measure(ReferencePhotos(reference_folder), systems, extractors, photo_metrics())["reference"]
            )
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(num_threads)
    one, three = results
    assert all(np.array_equal(one.values[key], three.values[key], equal_nan=True) for key in one.values)
    assert all(np.array_equal(one.features[key], three.features[key]) for key in one.features)


def test_record_describes_the_measurement(evaluate, image_folder, reference_folder):
    from colorgan.evaluation.report.photos import ReferencePhotos

    _, document = evaluate(f"theirs={image_folder}", "--size", 24, "--margin", 6)
    record = document["record"]
    assert record["photos"] == {
        "folder": "test",
        "count": 8,
        "order": "by name",
        "sha256": ReferencePhotos(reference_folder).digest,
    }
    assert "shorter side at most 24" in record["protocol"]
    assert record["margin"] == "6 of 255"
    assert record["features"][0]["extractor"] == "tiny-test, layer 24"
    assert torch.__version__.startswith(record["versions"]["torch"])
    assert [message.split(" were")[0].split(" was")[0] for message in record["not_measured"]] == [
        "FID, clean-FID and KID",
        "LPIPS",
    ]
    assert str(reference_folder.parent) not in json.dumps(document)


def test_systems_with_overlapping_intervals_share_a_rank(evaluate, image_folder, tmp_path):
    images = photos(8, seed=4, size=32)
    uneven = torch.cat([recolored(images[i : i + 1], 20 + 5 * i) for i in range(8)])
    near = write(uneven, tmp_path / "near" / "roses").parent
    far = write(recolored(images, 200), tmp_path / "far" / "roses").parent
    folder, document = evaluate(f"one={image_folder}", f"two={near}", f"three={far}")
    ranks = {name: document["systems"][name]["results"]["psnr"]["rank"] for name in ("one", "two", "three")}
    assert ranks == {"one": 1, "two": 1, "three": 3}
    assert "rank" not in document["systems"]["gray"]["results"]["psnr"]
    assert "rank" not in document["systems"]["one"]["results"]["fd_tiny_test_disjoint"]
    text = (folder / "report.md").read_text()
    assert re.search(r"\| one \| \*\*", text)


def test_per_photo_csv_has_a_row_per_system_and_photo(evaluate, image_folder):
    folder, document = evaluate(f"theirs={image_folder}")
    with (folder / "per_photo.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 4 * 8
    values = [float(row["ciede2000"]) for row in rows if row["system"] == "theirs"]
    assert np.mean(values) == pytest.approx(value(document, "theirs", "ciede2000"), rel=1e-6)


def test_curves_are_read_from_metrics_csv(evaluate, image_folder, tmp_path):
    from colorgan.evaluation.curves import read_curves

    file = tmp_path / "metrics.csv"
    file.write_text("epoch,step,train/l1,val/l1,lr\n,0,,,0.1\n0,4,0.5,,\n0,4,,0.4,\n1,9,0.3,,\n1,9,,nan,\n")
    assert read_curves(file) == {"train/l1": [(0.0, 0.5), (1.0, 0.3)], "val/l1": [(0.0, 0.4)]}
    assert read_curves(tmp_path / "missing.csv") == {}


def test_literature_protocol(evaluate, image_folder):
    folder, document = evaluate(f"theirs={image_folder}", "--protocol", "literature", "--limit", 3)
    assert "literature protocol, resized to 256 x 256" in document["record"]["protocol"]
    image = imread(folder / "images" / "reference" / "roses" / "0000.png")
    assert image.shape == (256, 256, 3)
    with pytest.raises(ColorganError, match="leave out --size and --square"):
        evaluate(f"theirs={image_folder}", "--protocol", "literature", "--size", 64)


def test_mean_color_of_reference_photos_is_flagged(evaluate, image_folder, reference_folder):
    shutil.rmtree(reference_folder / "train")
    folder, document = evaluate(f"theirs={image_folder}")
    assert document["systems"]["mean color"]["is"] == "mean color of these photos, because there are no training photos"
    assert "has seen the reference colors" in (folder / "report.md").read_text()


def test_unknown_extractors_and_missing_weights_are_rejected(evaluate, image_folder, tmp_path):
    with pytest.raises(ColorganError, match="unknown feature extractor 'nonsense'"):
        evaluate(f"theirs={image_folder}", "--features", "nonsense")
    with pytest.raises(ColorganError, match="there is no weight file .*inception.pth"):
        evaluate(f"theirs={image_folder}", "--weights.inception", tmp_path / "inception.pth")
    with pytest.raises(ColorganError, match="there is no weight file .*alex.pth"):
        evaluate(f"theirs={image_folder}", "--weights.lpips", tmp_path / "alex.pth")


def test_lpips_is_measured_with_local_weights(evaluate, image_folder, tmp_path):
    import torchvision

    torch.manual_seed(0)
    torch.save(torchvision.models.alexnet().state_dict(), tmp_path / "alex.pth")
    _, document = evaluate(f"theirs={image_folder}", "--weights.lpips", tmp_path / "alex.pth")
    assert value(document, "reference", "lpips") == 0
    assert value(document, "theirs", "lpips") > 0
    assert document["record"]["lpips"]["network"] == "alex"


def test_invalid_input_raises_and_writes_no_report(evaluate, image_folder, tmp_path, reference_folder):
    (reference_folder / "test" / "roses" / "0005.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(ColorganError, match=r"cannot read .*0005\.png"):
        evaluate(f"theirs={image_folder}")
    assert not (tmp_path / "report" / "metrics.json").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(ColorganError, match="is a file; give a folder for the report"):
        evaluate(f"theirs={image_folder}", out="file")
    with pytest.raises(ColorganError, match="the device 'banana' is not available"):
        evaluate(f"theirs={image_folder}", "--device", "banana")


def test_unknown_options_suggest_the_closest_one(capsys):
    for arguments, message in (
        (
            ["x", "--data.rot", "y", "--data.root", "x", "--out", "z"],
            "no option '--data.rot'; did you mean '--data.root'?",
        ),
        (["x", "--data.root", "x"], "the following arguments are required: --out"),
    ):
        with pytest.raises(SystemExit) as stopped:
            run_command("evaluate", arguments)
        assert stopped.value.code == 2
        assert message in capsys.readouterr().err


def test_report_is_uploaded_to_wandb(evaluate, image_folder, wandb_offline, capsys):
    folder, document = evaluate(f"theirs={image_folder}", "--images", "none", "--wandb")
    (stored,) = (folder / "wandb").glob("offline-run-*")
    run = read_run(stored)
    assert run.job_type == "evaluation"
    assert {name: run.config[name] for name in document["record"]} == document["record"]
    titles = [metric["title"] for metric in document["metrics"].values()]
    rows = {row.pop("system"): row for row in run.table("results")}
    assert all(list(row) == titles for row in rows.values())
    assert rows["theirs"]["PSNR"] == value(document, "theirs", "psnr") == run.summary["theirs/psnr"]
    with (folder / "per_photo.csv").open(newline="") as stream:
        expected = list(csv.DictReader(stream))
    photos_of = run.table("photos")
    assert [(row["system"], row["photo"], float(row["psnr"])) for row in photos_of] == [
        (row["system"], row["photo"], float(row["psnr"])) for row in expected
    ]
    for key, file in (("sheet", "sheet.png"), ("report", "report.html")):
        (logged,) = run.logged(key)
        assert (stored / "files" / logged["path"]).read_bytes() == (folder / file).read_bytes()
    assert f"`wandb sync {stored}` uploads it later" in capsys.readouterr().out
