"""An opened checkpoint: config, tokenizer and tensors by name, memory-mapped, in one file or many.

Opening reads headers only. Everything that can be said about a damaged folder is said here, before a number is
computed: missing shards, cut files, tensors that are missing or have another shape. Knows no layer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.decoder_tensors import Shapes, listed, require_shapes
from dialogue.llm.checkpoints.json_file import read_json
from dialogue.llm.checkpoints.vocabulary import Vocabulary

INDEX = "model.safetensors.index.json"
BITS = {"F64": 64, "I64": 64, "F32": 32, "I32": 32, "F16": 16, "BF16": 16, "I16": 16}
FLOATS = ("F64", "F32", "F16", "BF16")
_MOST_DIGITS = 4  # of a layer's number
Part = TypeVar("Part", bound=nn.Module)


class Checkpoint:
    """`files` names the tensor files of the folder; by default the ones of the index, or all that are there where there
    is no index. No other file is opened: what was checked is what is read, through the same open file."""

    def __init__(self, folder: Path, files: Sequence[str] | None = None) -> None:
        self.folder = Path(folder)
        self.config: dict[str, Any] = read_json(self.folder / "config.json")
        self._opened: dict[str, Any] = {}
        self._readers: dict[str, Any] = {}
        self._files: dict[str, str] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.dtypes: dict[str, str] = {}
        index = None if files else _index(self.folder)
        for name in files or (sorted(set(index.values())) if index else _tensor_files(self.folder)):
            self._open(self.folder / name)
        absent = sorted(f"{name} in {file}" for name, file in (index or {}).items() if self._files.get(name) != file)
        if absent:
            raise BadInput(f"{INDEX} promises tensors that are not there: {listed(absent)}. Download the model again.")

    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.folder / "tokenizer.json")

    def side_file(self, name: str) -> dict[str, Any]:
        """A JSON file beside the weights; empty if there is none."""
        path = self.folder / name
        return read_json(path) if path.exists() else {}

    def tensor(self, name: str) -> Tensor:
        """One tensor as stored, a view of its file."""
        self.shape(name)
        tensor: Tensor = self._opened[name].get_tensor(name)
        return tensor

    def copied(self, name: str) -> Tensor:
        """One tensor as stored, in memory of its own: for what is converted and let go, since every page of a mapped
        file that was looked at counts as ours until the file is closed."""
        self.shape(name)
        tensor: Tensor = self._readers[name].get_tensor(name)
        return tensor

    def shape(self, name: str) -> tuple[int, ...]:
        """Of one tensor, from its file's header."""
        if name not in self.shapes:
            raise BadInput(f"The checkpoint has no tensor {name}.")
        return self.shapes[name]

    def under(self, prefix: str, *, copied: bool = False) -> Mapping[str, Tensor]:
        """The tensors whose names begin with `prefix`, without it; each is read when it is asked for. `copied`: they
        are going to be converted (see above)."""
        return _Under(self, prefix, self.copied if copied else self.tensor)

    def layers(self, prefix: str) -> int:
        """How many numbered layers there are below `prefix` ("vpm.encoder.layers."). The config may count others:
        a last layer that is not used is sometimes left out of the file."""
        numbers = {name.removeprefix(prefix).split(".")[0] for name in self.shapes if name.startswith(prefix)}
        if any(len(number) > _MOST_DIGITS for number in numbers if number.isdecimal()):
            raise BadInput(f"The checkpoint numbers the layers of {prefix} beyond any count; download it again.")
        return 1 + max((int(number) for number in numbers if number.isdecimal()), default=-1)

    def has(self, prefix: str) -> bool:
        return any(name.startswith(prefix) for name in self.shapes)

    def nbytes(self) -> int:
        """Of all tensors on disk."""
        return sum(math.prod(shape) * BITS.get(self.dtypes[name], 8) // 8 for name, shape in self.shapes.items())

    def no_floats(self, names: Iterable[str]) -> list[str]:
        """Those of them that hold something else, such as weights that are quantised already; for a message."""
        return [
            f"{name} is stored as {self.dtypes[name]}" for name in names if self.dtypes.get(name, "F32") not in FLOATS
        ]

    def fill(
        self, part: Part, prefix: str, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
    ) -> Part:
        """Give a module made on the meta device its tensors, converted one by one; ready for inference.

        Raises BadInput naming what is missing or has the wrong shape, before anything is read.
        """
        self.require({prefix + name: tuple(tensor.shape) for name, tensor in part.state_dict().items()})
        tensors = {name: self.tensor(prefix + name).to(device, dtype) for name in part.state_dict()}
        part.load_state_dict(tensors, assign=True)
        return part.eval().requires_grad_(False)

    def require(self, wanted: Shapes) -> None:
        """Raises BadInput unless the checkpoint has all these tensors in these shapes."""
        require_shapes(wanted, self.shapes)
        if odd := self.no_floats(sorted(wanted)):
            raise BadInput(f"Tensors that hold no floats: {listed(odd)}. Take the original model, not a quantised one.")

    def _open(self, path: Path) -> None:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise BadInput(f"{path.name} in {path.parent} is no file; download it again.")
        try:
            opened = safe_open(path, framework="pt")
            reader = safe_open(path, framework="pt", backend="pread")
            names = list(opened.keys())
            same = [_kind(opened, name) for name in names] == [_kind(reader, name) for name in names]
        except FileNotFoundError as error:
            raise BadInput(f"{path.name} is missing in {path.parent}; download the model again.") from error
        except (SafetensorError, OSError) as error:
            raise BadInput(f"{path.name} is damaged or cut off ({error}); download it again.") from error
        if not same:
            raise BadInput(f"{path.name} in {path.parent} changed while it was opened; try again.")
        for name in names:
            if name in self._files:
                both = f"{self._files[name]} and {path.name}"
                raise BadInput(f"{name} is in {both}; keep the files that belong to the model in {path.parent}.")
            self._files[name] = path.name
            self._opened[name], self._readers[name] = opened, reader
            self.shapes[name], self.dtypes[name] = _kind(opened, name)


def _kind(opened: Any, name: str) -> tuple[tuple[int, ...], str]:
    entry = opened.get_slice(name)
    return tuple(entry.get_shape()), entry.get_dtype()


class _Under(Mapping[str, Tensor]):
    def __init__(self, checkpoint: Checkpoint, prefix: str, read: Callable[[str], Tensor]) -> None:
        self._checkpoint, self._prefix, self._read = checkpoint, prefix, read

    def __getitem__(self, name: str) -> Tensor:
        if self._prefix + name not in self._checkpoint.shapes:
            raise KeyError(name)
        return self._read(self._prefix + name)

    def __iter__(self) -> Iterator[str]:
        names = self._checkpoint.shapes
        return (name.removeprefix(self._prefix) for name in names if name.startswith(self._prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _index(folder: Path) -> dict[str, str] | None:
    """Tensor name -> file name, where the folder has an index."""
    if not (folder / INDEX).exists():
        return None
    names = read_json(folder / INDEX).get("weight_map")
    if not isinstance(names, dict) or not names:
        raise BadInput(f"{folder / INDEX} has no weight_map; download it again.")
    odd = sorted(name for name, file in names.items() if not isinstance(file, str) or Path(file).name != file)
    if odd:
        raise BadInput(f"{folder / INDEX} names no file of this folder for {listed(odd)}; download it again.")
    gone = sorted(file for file in set(names.values()) if not _is_there(folder / file))
    if gone:
        raise BadInput(f"Files of the model are missing in {folder}: {listed(gone)}. Download them.")
    return names


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that no file can have
        return False


def _tensor_files(folder: Path) -> list[str]:
    files = sorted(path.name for path in folder.glob("*.safetensors"))
    if not files:
        raise BadInput(f"No .safetensors file in {folder}; point to the folder of a downloaded model.")
    return files
