"""
Trains one network: `python train.py psnr-small-x2 --photos FOLDER --out FOLDER`. What was learnt is written every 500
iterations; the same command goes on from there.
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch

from network import Chain
from photos import Patches
from recipes import Recipe, recipes

side = 48
batch = 16
warm_up = 200
keep_every = 500
averaging = 0.999
most_gradient = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=[name for name, recipe in recipes.items() if not recipe.adversarial])
    parser.add_argument("--photos", type=Path, required=True, help="folder with BSDS500 (train, test) and T91")
    parser.add_argument("--out", type=Path, required=True, help="folder of what was learnt")
    parser.add_argument("--iterations", type=int, help="other than the recipe's")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    recipe = recipes[options.network]
    training = Training(recipe, options.iterations or recipe.iterations, options.seed)
    if recipe.starts_from:
        training.start_from(options.out / f"{recipe.starts_from}.pt", recipes[recipe.starts_from])
    file = options.out / f"{options.network}.pt"
    if file.exists():
        training.load(file)
    patches = Patches(options.photos, recipe.scale, recipe.degrade, recipe.channels)
    options.out.mkdir(parents=True, exist_ok=True)
    training.run(patches, file)


class Training:
    """Adam with a cosine schedule; L1, and MSE in the last tenth; the result is the average of the latest weights."""

    def __init__(self, recipe: Recipe, iterations: int, seed: int):
        torch.manual_seed(seed)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.recipe = recipe
        self.iterations = iterations
        self.seed = seed
        self.done = 0
        self.network = network(recipe).to(self.device, memory_format=torch.channels_last)
        self.average = network(recipe).to(self.device)
        self.average.load_state_dict(self.network.state_dict())
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.99))

    def start_from(self, file: Path, other: Recipe) -> None:
        taken = network(other)
        taken.load_state_dict(torch.load(file, weights_only=True)["average"])
        for chain in (self.network, self.average):
            chain.take_body(taken)

    def run(self, patches: Patches, file: Path) -> None:
        since, loss_sum = time.monotonic(), 0.0
        while self.done < self.iterations:
            loss_sum += self._step(patches)
            self.done += 1
            if self.done % keep_every == 0 or self.done == self.iterations:
                self.keep(file)
                seconds = (time.monotonic() - since) / keep_every
                print(f"{self.done}/{self.iterations}  loss {loss_sum / keep_every:.5f}  {seconds:.3f} s each", flush=True)
                since, loss_sum = time.monotonic(), 0.0

    def _step(self, patches: Patches) -> float:
        # Of its own for each iteration, so that one that goes on sees what it would have seen.
        random = np.random.default_rng([self.seed, self.done])
        small, large = (part.to(self.device) for part in patches.batch(random, batch, side))
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate()
        # Half the numbers' width takes half the time; the last tenth is exact.
        is_end = self.done >= 0.9 * self.iterations
        with torch.autocast(self.device, torch.bfloat16, enabled=not is_end):
            enlarged = self.network(small.contiguous(memory_format=torch.channels_last))
        difference = with_luma(enlarged.float() - large)
        loss = difference.square().mean() if is_end else difference.abs().mean()
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), most_gradient)
        self.optimizer.step()
        with torch.no_grad():
            for kept, new in zip(self.average.parameters(), self.network.parameters()):
                kept.lerp_(new, 1 - min(averaging, self.done / (self.done + 10)))
        return loss.item()

    def _learning_rate(self) -> float:
        if self.done < warm_up:
            return self.recipe.learning_rate * (self.done + 1) / warm_up
        progress = (self.done - warm_up) / max(1, self.iterations - warm_up)
        return 1e-6 + (self.recipe.learning_rate - 1e-6) * (1 + math.cos(math.pi * progress)) / 2

    def keep(self, file: Path) -> None:
        state = {
            "done": self.done,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        unfinished = file.with_suffix(".new")
        torch.save(state, unfinished)
        unfinished.replace(file)

    def load(self, file: Path) -> None:
        state = torch.load(file, map_location=self.device, weights_only=True)
        self.done = state["done"]
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])


def with_luma(difference: torch.Tensor) -> torch.Tensor:
    """RGB gets a fourth channel, luma, so that it counts as much as all colours: eyes and measures look at it first."""
    if difference.shape[1] == 1:
        return difference
    shares = difference.new_tensor([0.257, 0.504, 0.098])[None, :, None, None]
    return torch.cat([difference, 3 * (difference * shares).sum(dim=1, keepdim=True)], dim=1)


def network(recipe: Recipe) -> Chain:
    return Chain(recipe.channels, recipe.width, recipe.depth, recipe.scale)


if __name__ == "__main__":
    main()
