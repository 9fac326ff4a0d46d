"""Two processes divide the photos, and Lightning does not replace the sampler."""

import json
from pathlib import Path

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer

from colorgan.data import Photos


class Recorder(LightningModule):
    """Records the photos that each process saw."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.trained: list[list[int]] = []
        self.validated: list[int] = []

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

    def training_step(self, batch, batch_idx):
        self.trained.append(batch["index"].tolist())
        return (self.weight * batch["rgb"].float().mean()).sum()

    def validation_step(self, batch, batch_idx):
        self.validated += batch["index"].tolist()

    def on_train_end(self):
        text = json.dumps({"trained": self.trained, "validated": self.validated})
        (self.folder / f"{self.global_rank}.json").write_text(text)


@pytest.mark.slow
@pytest.mark.skipif(not torch.distributed.is_available(), reason="this PyTorch has no distributed training")
def test_two_processes_see_different_photos(make_photos, tmp_path):
    data = Photos(str(make_photos("photos", 22)), size=8, batch_size=4, val_fraction=0.25, num_workers=0)
    trainer = Trainer(
        default_root_dir=tmp_path,
        accelerator="cpu",
        devices=2,
        strategy="ddp_fork",
        max_epochs=2,
        num_sanity_val_steps=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Recorder(tmp_path), data)
    ranks = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)]
    for epoch in range(2):
        seen = [index for rank in ranks for batch in rank["trained"][2 * epoch : 2 * epoch + 2] for index in batch]
        assert len(seen) == len(set(seen)) == 16
    validated = [index for rank in ranks for index in rank["validated"]]
    assert sorted(validated) == sorted([*range(6), *range(6)])
