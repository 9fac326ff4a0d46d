"""Building blocks that networks share: convolutions, normalization, upsampling, attention and whole U-Net bodies."""
