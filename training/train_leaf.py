"""
Trains the classifier of leaves: `python train_leaf.py --leaves FOLDER --others FOLDER --features FOLDER --out FOLDER`.
What was learnt is written every 100 batches; the same command goes on from there.
"""

import argparse
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from leaf_network import LeafNetwork
from leaf_photos import Photo, leaf_photos, other_photos, plants
from leaf_variation import Variations

size = 176
answering_size = 224
"""Pixels wide and high. More when answering, because things look larger in the parts that are learnt from (Touvron et al., 2019)."""

batch = 32
batches = 1000
warm_up = 50
keep_every = 100
averaging = 0.99
most_gradient = 2.0
rates = {"body": 6e-4, "answer": 3e-3}
name = "leaf-classifier.pt"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=Path, required=True, help="folder with manifest.csv and the plants' folders")
    parser.add_argument("--others", type=Path, required=True, help="folder with photos of anything")
    parser.add_argument("--features", type=Path, required=True, help="what unpack-nsfwjs.cjs wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder of what was learnt")
    parser.add_argument("--batches", type=int, default=batches)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    learnt, held_out = leaf_photos(options.leaves)
    training = Training(options.features, options.batches, options.seed)
    file = options.out / name
    if file.exists():
        training.load(file)
    options.out.mkdir(parents=True, exist_ok=True)
    training.run(Variations(learnt, other_photos(options.others), options.seed), held_out, file)


class Training:
    """AdamW with a cosine schedule; the result is the average of the latest weights."""

    def __init__(self, features: Path, count: int, seed: int):
        torch.manual_seed(seed)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.count = count
        self.seed = seed
        self.done = 0
        self.network, self.average = LeafNetwork(), LeafNetwork()
        self.network.start_from(features)
        self.average.load_state_dict(self.network.state_dict())
        self.network.to(self.device, memory_format=torch.channels_last)
        self.average.to(self.device)
        for part in self.network.frozen_parts():
            part.requires_grad_(False)
        answer = list(self.network.answer.parameters())
        known = {id(weight) for weight in answer}
        body = [weight for weight in self.network.parameters() if weight.requires_grad and id(weight) not in known]
        groups = [{"params": body, "most": rates["body"]}, {"params": answer, "most": rates["answer"]}]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=0.02)

    def run(self, variations: Variations, held_out: list[Photo], file: Path) -> None:
        since, loss_sum, steps = time.monotonic(), 0.0, 0
        while self.done < self.count:
            loss_sum += self._step(variations)
            self.done += 1
            steps += 1
            if self.done % keep_every == 0 or self.done == self.count:
                self.keep(file)
                seconds = (time.monotonic() - since) / steps
                right = accuracy(self.average, held_out)
                print(f"{self.done}/{self.count}  loss {loss_sum / steps:.4f}  held out {right:.4f}  {seconds:.3f} s each", flush=True)
                since, loss_sum, steps = time.monotonic(), 0.0, 0

    def _step(self, variations: Variations) -> float:
        images, wanted = (torch.from_numpy(part).to(self.device) for part in variations.batch(self.done, batch, size))
        for group in self.optimizer.param_groups:
            group["lr"] = group["most"] * self._share_of_rate()
        # Of its own for each batch, so that one that goes on drops what it would have dropped.
        torch.manual_seed(self.seed * 1_000_003 + self.done)
        self.network.train()
        with torch.autocast(self.device, torch.bfloat16):
            answers = self.network(images.contiguous(memory_format=torch.channels_last))
        loss = cross_entropy(answers.float(), wanted, label_smoothing=0.05)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), most_gradient)
        self.optimizer.step()
        with torch.no_grad():
            share = 1 - min(averaging, self.done / (self.done + 10))
            for kept, new in zip(self.average.state_dict().values(), self.network.state_dict().values()):
                kept.lerp_(new, share) if kept.is_floating_point() else kept.copy_(new)
        return loss.item()

    def _share_of_rate(self) -> float:
        if self.done < warm_up:
            return (self.done + 1) / warm_up
        progress = (self.done - warm_up) / max(1, self.count - warm_up)
        return 0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2

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


def accuracy(network: LeafNetwork, photos: list[Photo]) -> float:
    """The share of photos whose disease is told when the plant is known."""
    answers = answered(network, photos, answering_size)
    return float(np.mean([best(answer, photo.output) == photo.output for answer, photo in zip(answers, photos)]))


def answered(network: LeafNetwork, photos: list[Photo], wide: int) -> np.ndarray:
    """(photos, 16): logarithms of odds."""
    network.eval()
    rows = []
    with torch.no_grad():
        for start in range(0, len(photos), batch):
            pixels = np.stack([photo.pixels for photo in photos[start : start + batch]])
            images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
            images = torch.nn.functional.interpolate(images, (wide, wide), mode="bilinear", antialias=True)
            rows.append(network(images.to(next(network.parameters()).device)).cpu().numpy())
    return np.concatenate(rows)


def best(answer: np.ndarray, output: int) -> int:
    """The likeliest of the outputs of the plant to which `output` belongs."""
    start = 0
    for names in plants.values():
        if output < start + len(names):
            return start + int(np.argmax(answer[start : start + len(names)]))
        start += len(names)
    raise ValueError(f"{output} is no plant's.")


if __name__ == "__main__":
    main()
