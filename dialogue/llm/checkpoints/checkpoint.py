"""Opens a checkpoint: config, tokenizer and tensors by name, memory-mapped, in one file or many.

Opening reads only the headers. A damaged folder is refused here, before anything is computed: missing shards,
truncated files, tensors that are missing or have another shape.
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
_MAX_DIGITS = 4  # of a layer's number
Part = TypeVar("Part", bound=nn.Module)


class Checkpoint:
    """`files` names the tensor files of the folder; the default is those of the index, or all without an index.

    No other file is opened: tensors are read through the same open file that was checked.
    """

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
            raise BadInput(f"{INDEX} promises tensors that are not there: {listed(absent)}; download the model again.")

    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.folder / "tokenizer.json")

    def side_file(self, name: str) -> dict[str, Any]:
        """A JSON file beside the weights; an empty object if it does not exist."""
        path = self.folder / name
        return read_json(path) if path.exists() else {}

    def tensor(self, name: str) -> Tensor:
        """A tensor as stored, as a view of its file."""
        self.shape(name)
        tensor: Tensor = self._opened[name].get_tensor(name)
        return tensor

    def copied(self, name: str) -> Tensor:
        """A tensor as stored, in its own memory, for tensors that are converted and then released.

        Every page of a mapped file that was read counts as memory of the process until the file is closed.
        """
        self.shape(name)
        tensor: Tensor = self._readers[name].get_tensor(name)
        return tensor

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor, from its file's header."""
        if name not in self.shapes:
            raise BadInput(f"The checkpoint has no tensor {name}.")
        return self.shapes[name]

    def under(self, prefix: str, *, copied: bool = False) -> Mapping[str, Tensor]:
        """The tensors whose names begin with `prefix`, by the rest of the name; each is read on access.

        `copied`: they will be converted (see `copied`).
        """
        return _PrefixView(self, prefix, self.copied if copied else self.tensor)

    def layers(self, prefix: str) -> int:
        """The number of layers under `prefix` ("vpm.encoder.layers."). The config may count more: an unused last
        layer is sometimes left out of the file."""
        numbers = {name.removeprefix(prefix).split(".")[0] for name in self.shapes if name.startswith(prefix)}
        if any(len(number) > _MAX_DIGITS for number in numbers if number.isdecimal()):
            raise BadInput(f"The checkpoint has an invalid layer number under {prefix}; download it again.")
        return 1 + max((int(number) for number in numbers if number.isdecimal()), default=-1)

    def has(self, prefix: str) -> bool:
        return any(name.startswith(prefix) for name in self.shapes)

    def nbytes(self) -> int:
        """The size of all tensors on disk."""
        return sum(math.prod(shape) * BITS.get(self.dtypes[name], 8) // 8 for name, shape in self.shapes.items())

    def non_float_tensors(self, names: Iterable[str]) -> list[str]:
        """A message for each of `names` that is not stored as floats, such as quantised weights."""
        return [
            f"{name} is stored as {self.dtypes[name]}" for name in names if self.dtypes.get(name, "F32") not in FLOATS
        ]

    def fill(
        self, part: Part, prefix: str, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu"
    ) -> Part:
        """Loads the tensors of a module on the meta device, converted one by one; returns it ready for inference.

        Raises BadInput, naming tensors that are missing or have the wrong shape, before anything is read.
        """
        self.require({prefix + name: tuple(tensor.shape) for name, tensor in part.state_dict().items()})
        tensors = {name: self.tensor(prefix + name).to(device, dtype) for name in part.state_dict()}
        part.load_state_dict(tensors, assign=True)
        return part.eval().requires_grad_(False)

    def require(self, wanted: Shapes) -> None:
        """Raises BadInput unless the checkpoint has all these tensors in these shapes."""
        require_shapes(wanted, self.shapes)
        if other := self.non_float_tensors(sorted(wanted)):
            raise BadInput(
                f"Tensors that are not stored as floats: {listed(other)}; use the original, not a quantised model."
            )

    def _open(self, path: Path) -> None:
        if path.exists() and not path.is_file():  # opening a pipe would block
            raise BadInput(f"{path.name} in {path.parent} is not a file; download it again.")
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
                raise BadInput(f"{name} is in {both}; keep only the files of the model in {path.parent}.")
            self._files[name] = path.name
            self._opened[name], self._readers[name] = opened, reader
            self.shapes[name], self.dtypes[name] = _kind(opened, name)


def _kind(opened: Any, name: str) -> tuple[tuple[int, ...], str]:
    entry = opened.get_slice(name)
    return tuple(entry.get_shape()), entry.get_dtype()


class _PrefixView(Mapping[str, Tensor]):
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
    """Tensor name -> file name; None without an index."""
    if not (folder / INDEX).exists():
        return None
    names = read_json(folder / INDEX).get("weight_map")
    if not isinstance(names, dict) or not names:
        raise BadInput(f"{folder / INDEX} has no weight_map; download it again.")
    invalid = sorted(name for name, file in names.items() if not isinstance(file, str) or Path(file).name != file)
    if invalid:
        raise BadInput(f"{folder / INDEX} names no file of this folder for {listed(invalid)}; download it again.")
    missing = sorted(file for file in set(names.values()) if not _exists(folder / file))
    if missing:
        raise BadInput(f"Files of the model are missing in {folder}: {listed(missing)}; download them.")
    return names


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # not a valid file name
        return False


def _tensor_files(folder: Path) -> list[str]:
    files = sorted(path.name for path in folder.glob("*.safetensors"))
    if not files:
        raise BadInput(f"No .safetensors file in {folder}; point to the folder of a downloaded model.")
    return files
