"""The compiled step equals the torch decoder: every kernel, all instruction sets, odd sizes, several sessions.

Also tests `dialogue/llm/native/build.py` and `dialogue/llm/native/packing.py`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from gguf import GGMLQuantizationType as Kind
from torch import Tensor

from dialogue.llm.checkpoints.decoder_config import DecoderConfig
from dialogue.llm.decoder import Decoder
from dialogue.llm.kv_cache import KVCache
from dialogue.llm.native.build import build
from dialogue.llm.native.loader import FOLDER, NativeLibrary, NativeMissing
from dialogue.llm.native.packing import KNOWN
from dialogue.llm.native_decoder import NativeDecoder, refusal
from tests.dialogue.random_weights import RandomWeights, tiny_config

FAMILIES = {
    "llama": tiny_config(),
    "qwen2": tiny_config(bias=True, heads=14, kv_heads=2),
    "qwen3": tiny_config(norm=True, head_dim=128, heads=4, kv_heads=2, tied=False),
    "wide-groups": tiny_config(head_dim=128, heads=5, kv_heads=1),
    "super-blocks": tiny_config(head_dim=128, heads=4, kv_heads=2, tied=False, bias=True, hidden=256, ffn=512),
}
KINDS = {"super-blocks": Kind.Q4_K}


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sources = [*FOLDER.glob("*.cpp"), *FOLDER.glob("*.h")]
    for ready in FOLDER.glob("decode_step*.so"):
        if ready.stat().st_mtime > max(source.stat().st_mtime for source in sources):
            return ready
    if shutil.which("g++") is None:
        pytest.skip("no C++ compiler here")
    return build(tmp_path_factory.mktemp("native") / "decode_step.so")


@pytest.fixture(scope="session", params=[1, 2, 3], ids=["avx2", "avx512", "amx"])
def library(built: Path, request: pytest.FixtureRequest) -> NativeLibrary:
    library = NativeLibrary(built)
    if library.instructions < request.param:
        pytest.skip("this processor does not have these instructions")
    library.instructions = request.param
    return library


@pytest.fixture(scope="module", params=FAMILIES)
def pair(library: NativeLibrary, request: pytest.FixtureRequest) -> Iterator[tuple[Decoder, NativeDecoder]]:
    config = FAMILIES[request.param]
    weights = RandomWeights(config, KINDS.get(request.param, Kind.Q4_1))
    yield Decoder(config, weights), NativeDecoder(config, weights, library, threads=2)


def filled_caches(pair: tuple[Decoder, NativeDecoder], length: int) -> tuple[KVCache, KVCache]:
    """Two caches with the same `length` tokens of noise, behind which lies what must never be seen."""
    exact, compiled = (decoder.new_cache(700) for decoder in pair)
    noise = torch.randn(exact.storage.shape, generator=torch.Generator().manual_seed(length)).half()
    noise[:, :, :, length:] = 1000.0
    exact.storage.copy_(noise)
    compiled.storage.copy_(noise)
    exact.length = compiled.length = length
    return exact, compiled


def assert_same(actual: Tensor, expected: Tensor, tolerance: float) -> None:
    """Largest difference, relative to the size of the numbers."""
    assert (actual - expected).abs().max() <= tolerance * expected.abs().max()


@pytest.mark.parametrize(
    ("kind", "columns"),
    [
        *(
            (kind, columns)
            for kind in (Kind.Q4_1, Kind.Q5_0, Kind.Q8_0, Kind.Q4_0, Kind.F32)
            for columns in (32, 96, 1536)
        ),
        *((kind, columns) for kind in (Kind.Q4_K, Kind.Q6_K, Kind.Q5_K) for columns in (256, 768, 1536)),
    ],
)
def test_product_equals_float32(library: NativeLibrary, kind: Kind, columns: int) -> None:
    config = DecoderConfig(
        vocab_size=199, hidden_size=columns, ffn_size=32, layers=0, heads=1, kv_heads=1, head_dim=64,
        norm_eps=1e-5, max_positions=64, rope=tiny_config().rope, tied_head=True,
    )  # fmt: skip
    weights = RandomWeights(config, kind)
    native = NativeDecoder(config, weights, library)
    x = torch.randn(29, columns, generator=torch.Generator().manual_seed(1)) * torch.logspace(-3, 2, 29)[:, None]
    table = weights["model.embed_tokens.weight"]
    expected = x @ table.T
    loss = 5e-5 if kind in (*KNOWN, Kind.Q4_0) else 1e-2  # what the step does not know is stored at 8 bits
    for row, wanted in zip(native.logits(x), expected, strict=True):
        assert_same(row, wanted, loss)
    assert_same(native.logits(x[5]), expected[5], loss)
    assert_same(native.embed(torch.arange(199)), table, loss if loss > 1e-3 else 1e-6)


def test_embeddings_are_the_rows_of_the_table(pair: tuple[Decoder, NativeDecoder]) -> None:
    ids = torch.tensor([0, 15, 16, 199])
    torch.testing.assert_close(pair[1].embed(ids), pair[0].embed(ids), atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 63, 64, 65, 300])
@pytest.mark.parametrize("tokens", [1, 2, 3, 7, 9])
def test_a_step_equals_torch(pair: tuple[Decoder, NativeDecoder], length: int, tokens: int) -> None:
    exact, compiled = filled_caches(pair, length)
    ids = torch.arange(tokens) * 7 % 200
    expected = pair[0].forward(exact, ids)
    assert_same(pair[1].forward(compiled, ids), expected, 2e-3)
    new = slice(length, length + tokens)
    assert compiled.length == length + tokens
    assert_same(compiled.storage[:, :, :, new].float(), exact.storage[:, :, :, new], 2e-3)


@pytest.mark.parametrize("tokens", [1, 9, 64])
def test_layer_by_layer_equals_all_at_once(pair: tuple[Decoder, NativeDecoder], tokens: int) -> None:
    native, ids = pair[1], torch.arange(tokens) % 200
    (_, stepped), (_, whole) = filled_caches(pair, 40), filled_caches(pair, 40)
    steps, found = native.begin(stepped, ids), None
    while found is None:
        assert stepped.length == 40, "the tokens count when all layers are computed"
        found = steps.step()
    assert torch.equal(found, native.forward(whole, ids))
    assert stepped.length == whole.length == 40 + tokens
    assert torch.equal(stepped.storage, whole.storage)


@pytest.mark.parametrize("chunks", [(400,), (1, 2, 3, 4, 5, 300, 85)])
def test_chunked_equals_whole(pair: tuple[Decoder, NativeDecoder], chunks: tuple[int, ...]) -> None:
    exact, compiled = (decoder.new_cache(400) for decoder in pair)
    x = torch.randn(400, pair[1].config.hidden_size)
    found = torch.cat([pair[1].forward(compiled, part) for part in x.split(chunks)])
    assert_same(found, pair[0].forward(exact, x), 2e-3)


def test_sessions_of_different_lengths_share_a_step(pair: tuple[Decoder, NativeDecoder]) -> None:
    native = pair[1]
    histories = [torch.arange(n) % 200 for n in (3, 40, 17)]
    news = [torch.tensor(n) for n in ([5], [6, 7, 8], [9])]
    alone, together = [], [native.new_cache(64) for _ in histories]
    for history, new, cache in zip(histories, news, together, strict=True):
        own = native.new_cache(64)
        native.forward(own, history)
        native.forward(cache, history)
        alone.append(native.forward(own, new))
    for mine, shared in zip(alone, native.forward_batch(together, news), strict=True):
        torch.testing.assert_close(mine, shared, atol=0, rtol=0)
    assert [cache.length for cache in together] == [4, 43, 18]


@pytest.mark.parametrize(("start", "end"), [(0, 1), (5, 300), (17, 33), (299, 400), (400, 400)])
def test_a_cut_equals_that_of_torch(pair: tuple[Decoder, NativeDecoder], start: int, end: int) -> None:
    _, compiled = filled_caches(pair, 400)
    c = pair[1].config
    plain = KVCache(c.layers, c.kv_heads, c.head_dim, 700, torch.float16)
    plain.storage.copy_(compiled.storage)
    plain.length = 400
    for cache in (plain, compiled):
        cache.cut(start, end, pair[1].rotary)
    assert compiled.length == plain.length == 400 - (end - start)
    here = slice(0, plain.length)
    assert_same(compiled.storage[:, :, :, here].float(), plain.storage[:, :, :, here].float(), 1e-3)
    assert torch.equal(compiled.storage[:, 1, :, here], plain.storage[:, 1, :, here])


@pytest.mark.parametrize(("at", "tokens"), [(0, 3), (10, 200), (399, 1), (400, 5)])
def test_making_room_equals_that_of_torch(pair: tuple[Decoder, NativeDecoder], at: int, tokens: int) -> None:
    _, compiled = filled_caches(pair, 400)
    before = compiled.storage[:, :, :, :400].clone()
    with compiled.gap(at, tokens, pair[1].rotary):
        pair[1].forward(compiled, torch.arange(tokens) % 200)
    assert compiled.length == 400 + tokens
    behind = compiled.storage[:, :, :, at + tokens : 400 + tokens]
    assert torch.equal(compiled.storage[:, :, :, :at], before[:, :, :, :at])
    assert torch.equal(behind[:, 1], before[:, 1, :, at:])
    if at < 400:
        assert_same(behind[:, 0].float(), pair[1].rotary.shift(before[:, 0, :, at:], tokens).float(), 1e-3)


def test_threads_do_not_change_the_result(built: Path) -> None:
    config, ids = tiny_config(), torch.arange(60)
    weights = RandomWeights(config)
    results = []
    for threads in (1, 2, 3):
        native = NativeDecoder(config, weights, NativeLibrary(built), threads=threads)
        results += [native.forward(native.new_cache(64), ids) for _ in range(20)]
    assert all(torch.equal(result, results[0]) for result in results)


def test_an_idle_decoder_costs_no_processor_time(built: Path) -> None:
    script = """
import sys, time
sys.path.insert(0, sys.argv[2])
import torch
from pathlib import Path
from tests.dialogue.random_weights import RandomWeights, tiny_config
from dialogue.llm.native.loader import NativeLibrary
from dialogue.llm.native_decoder import NativeDecoder
torch.set_num_threads(1)
native = NativeDecoder(tiny_config(), RandomWeights(tiny_config()), NativeLibrary(Path(sys.argv[1])), threads=3)
native.forward(native.new_cache(64), torch.arange(60))
time.sleep(0.5)  # on a busy machine its threads may not have come to rest yet
before = time.process_time()
time.sleep(0.5)
print(time.process_time() - before)
"""
    command = [sys.executable, "-c", script, str(built), str(Path(__file__).parents[3])]
    spent = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert spent < 0.05


def test_unsupported_shapes_are_refused() -> None:
    assert "80 dimensions" in refusal(tiny_config(head_dim=80))
    assert refusal(tiny_config()) == ""


def test_a_broken_library_is_reported(tmp_path: Path) -> None:
    (tmp_path / "decode_step.so").write_bytes(b"not a library")
    with pytest.raises(NativeMissing, match="cannot be loaded"):
        NativeLibrary(tmp_path / "decode_step.so")


def test_a_foreign_library_is_reported() -> None:
    with pytest.raises(NativeMissing, match="decoder_"):
        NativeLibrary(Path("libm.so.6"))


def test_a_library_of_other_sources_is_reported(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dialogue.llm.native.loader.INTERFACE", 2_000_000)
    with pytest.raises(NativeMissing, match="build it again"):
        NativeLibrary(built)
