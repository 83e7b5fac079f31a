"""The metrics of all replicas as one text in Prometheus' format: each sample gets the label `replica`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

SAMPLE = re.compile(r"([^{\s]+)(?:\{(.*)\})?(\s.+)")


def merged_metrics(texts: Mapping[str, str]) -> str:
    """`texts` are the replicas' own, by name. A line that is no sample is left out."""
    heads: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    for replica, text in texts.items():
        family = ""
        for line in text.splitlines():
            if line.startswith("# ") and len(words := line.split(" ", 3)) > 3:
                family = words[2]
                head = heads.setdefault(family, [])
                if line not in head:
                    head.append(line)
            elif (sample := SAMPLE.fullmatch(line)) is not None:
                name, labels, value = sample.groups()
                labels = f'replica="{replica}"' + (f",{labels}" if labels else "")
                samples.setdefault(family, []).append(f"{name}{{{labels}}}{value}")
    families = (line for family, head in heads.items() for line in (*head, *samples.get(family, [])))
    return "".join(f"{line}\n" for line in families)
