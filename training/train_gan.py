"""
Trains `gans`: goes on from a network that was trained to be exact, so that its enlargements look like photos to two
others: one that was trained to tell pictures apart, and one that learns meanwhile to tell enlargements from photos.
`python train_gan.py gans-x4 --photos FOLDER --out FOLDER --features FOLDER`; what was learnt is written every 250
iterations, and the same command goes on from there.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import leaky_relu, softplus
from torch.nn.utils.parametrizations import spectral_norm

from features import InceptionFeatures
from photos import Patches
from recipes import Recipe, recipes
from train import network

side = 32
batch = 8
keep_every = 250
averaging = 0.999
learning_rate = 1e-4
# How much each judgement counts beside the mean difference of the pixels.
feature_weight = 0.02
critic_weight = 0.005


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=[name for name, recipe in recipes.items() if recipe.adversarial])
    parser.add_argument("--photos", type=Path, required=True, help="folder with BSDS500 (train, test) and T91")
    parser.add_argument("--out", type=Path, required=True, help="folder of what was learnt")
    parser.add_argument("--features", type=Path, required=True, help="what unpack-nsfwjs.cjs wrote")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    recipe = recipes[options.network]
    training = AdversarialTraining(recipe, options.features, options.seed)
    file = options.out / f"{options.network}.pt"
    if file.exists():
        training.load(file)
    else:
        training.start_from(options.out / f"{recipe.starts_from}.pt")
    training.run(Patches(options.photos, recipe.scale), file)


class Critic(nn.Module):
    """Says of each part of a luma plane (n, 1, h, w) how much it looks like a photo's: (n, 1, h / 8, w / 8)."""

    def __init__(self):
        super().__init__()
        widths = [1, 32, 64, 64, 128, 128, 128]
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(inputs, outputs, 3, stride=1 + index % 2, padding=1))
            for index, (inputs, outputs) in enumerate(zip(widths, widths[1:]))
        )
        self.verdict = spectral_norm(nn.Conv2d(widths[-1], 1, 3, padding=1))

    def forward(self, luma: torch.Tensor) -> torch.Tensor:
        features = luma * 2 - 1
        for layer in self.layers:
            features = leaky_relu(layer(features), 0.2)
        return self.verdict(features)


class AdversarialTraining:
    """Both learn in turn, by the relativistic loss: photos shall look more like photos than enlargements do."""

    def __init__(self, recipe: Recipe, features: Path, seed: int):
        torch.manual_seed(seed)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.recipe = recipe
        self.seed = seed
        self.done = 0
        self.network = network(recipe).to(self.device, memory_format=torch.channels_last)
        self.average = network(recipe).to(self.device)
        self.critic = Critic().to(self.device, memory_format=torch.channels_last)
        self.features = InceptionFeatures(features).to(self.device, memory_format=torch.channels_last)
        self.optimizers = {
            "network": torch.optim.Adam(self.network.parameters(), lr=learning_rate, betas=(0.9, 0.99)),
            "critic": torch.optim.Adam(self.critic.parameters(), lr=learning_rate, betas=(0.9, 0.99)),
        }

    def start_from(self, file: Path) -> None:
        exact = torch.load(file, weights_only=True, map_location=self.device)["average"]
        self.network.load_state_dict(exact)
        self.average.load_state_dict(exact)

    def run(self, patches: Patches, file: Path) -> None:
        since, sums = time.monotonic(), np.zeros(4)
        while self.done < self.recipe.iterations:
            sums += self._step(patches)
            self.done += 1
            if self.done % keep_every == 0 or self.done == self.recipe.iterations:
                self.keep(file)
                seconds = (time.monotonic() - since) / keep_every
                means = "  ".join(f"{mean:.5f}" for mean in sums / keep_every)
                print(f"{self.done}/{self.recipe.iterations}  pixels, features, network, critic {means}  {seconds:.3f} s each", flush=True)
                since, sums = time.monotonic(), np.zeros(4)

    def _step(self, patches: Patches) -> list[float]:
        random = np.random.default_rng([self.seed, self.done])
        small, large = (
            part.to(self.device).contiguous(memory_format=torch.channels_last)
            for part in patches.batch(random, batch, side)
        )
        if self.done == int(0.75 * self.recipe.iterations):
            for optimizer in self.optimizers.values():
                optimizer.param_groups[0]["lr"] = learning_rate / 4
        with torch.autocast(self.device, torch.bfloat16):
            enlarged = self.network(small)
            pixels = (enlarged.float() - large).abs().mean()
            seen, wanted = (self.features(image.expand(-1, 3, -1, -1)) for image in (enlarged, large))
            features = sum((a.float() - b.float()).abs().mean() for a, b in zip(seen, wanted))
            like_photo = self._more_alike(self.critic(enlarged), self.critic(large).detach())
        self._learn("network", pixels + feature_weight * features + critic_weight * like_photo)
        with torch.autocast(self.device, torch.bfloat16):
            told = self._more_alike(self.critic(large), self.critic(enlarged.detach()))
        self._learn("critic", told)
        with torch.no_grad():
            for kept, new in zip(self.average.parameters(), self.network.parameters()):
                kept.lerp_(new, 1 - averaging)
        return [loss.item() for loss in (pixels, features, like_photo, told)]

    @staticmethod
    def _more_alike(these: torch.Tensor, those: torch.Tensor) -> torch.Tensor:
        """Small when `these` look more like photos than `those` do on average."""
        these, those = these.float(), those.float()
        return (softplus(those.mean() - these).mean() + softplus(those - these.mean()).mean()) / 2

    def _learn(self, what: str, loss: torch.Tensor) -> None:
        optimizer = self.optimizers[what]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def keep(self, file: Path) -> None:
        state = {"done": self.done, "average": self.average.state_dict()}
        state |= {part: getattr(self, part).state_dict() for part in ("network", "critic")}
        state |= {f"{part} optimizer": optimizer.state_dict() for part, optimizer in self.optimizers.items()}
        unfinished = file.with_suffix(".new")
        torch.save(state, unfinished)
        unfinished.replace(file)

    def load(self, file: Path) -> None:
        state = torch.load(file, map_location=self.device, weights_only=True)
        self.done = state["done"]
        for part in ("network", "average", "critic"):
            getattr(self, part).load_state_dict(state[part])
        for part, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state[f"{part} optimizer"])


if __name__ == "__main__":
    main()
