#!/bin/bash
#SBATCH --job-name=kerascnn
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --exclusive
#SBATCH --requeue
# for GPUs: #SBATCH --gpus-per-task=1
# the workers use the ports from 8888 on, hence --exclusive

srun --kill-on-bad-exit=1 python -m pipelines.train --data "$HOME/train.csv" --output "$HOME/reviews" \
  --training.strategy multi_worker --resume
