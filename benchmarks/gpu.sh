#!/bin/sh
# All training benchmarks on one GPU: sh benchmarks/gpu.sh FLOWERS_CHECKOUT LANDSCAPES_CHECKOUT
# To reach: 4 times the speed of the flowers system at batch 64 and 128 px; 0.95 of the bare step.
set -e
cd "$(dirname "$0")/.."
python benchmarks/flowers_step.py --reference "$1" --device cuda --batch-size 64 --batches 50
python benchmarks/landscapes_step.py --reference "$2" --device cuda --batch-size 64 --batches 50
python benchmarks/bare_step.py --device cuda --batch-size 64 --batches 50
python benchmarks/compile_step.py --device cuda --batch-size 64 --steps 50
python benchmarks/compile_step.py --device cuda --batch-size 64 --steps 50 --mode reduce-overhead
python benchmarks/adam.py --device cuda
python benchmarks/peak_memory.py
