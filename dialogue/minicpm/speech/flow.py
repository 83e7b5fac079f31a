"""Audio codes to mel in pieces: the flow of token2wav, from fixed noise to mel in a few Euler steps.

Conditional flow matching (arXiv 2210.02747) with classifier-free guidance: the conditioned direction, pushed away from
the unconditioned one. Each piece of a stream sees the voice prompt and the latest frames; the state is an object of
the session. Imports no waveform code and no language model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dialogue.minicpm.speech.flow_encoder import EncoderSizes, FlowEncoder
from dialogue.minicpm.speech.flow_estimator import EstimatorSizes, FlowEstimator
from dialogue.minicpm.speech.stream_state import StreamState

STEPS = 10  # Euler steps; 5 sound slightly worse and take half the time
GUIDANCE = 0.7
MAX_FRAMES = 30_000  # frames of noise: 600 s, as published
CONTEXT_FRAMES = 100  # latest frames that a piece sees besides the prompt
NOISE_SEED = 0  # the published code draws other noise in every process


@dataclass(slots=True)
class FlowState:
    """State of one stream: past inputs of convolutions, and keys and values by code and by frame."""

    prompt_frames: int = 0
    near: StreamState = field(default_factory=StreamState)
    by_code: StreamState = field(default_factory=StreamState)
    by_frame: StreamState = field(default_factory=StreamState)

    def copy(self) -> FlowState:
        return FlowState(self.prompt_frames, self.near.copy(), self.by_code.copy(), self.by_frame.copy())


@dataclass(frozen=True, slots=True)
class FlowSizes:
    """Read from the weights' shapes."""

    codes: int
    width: int
    voice: int
    bins: int
    encoder: EncoderSizes
    estimator: EstimatorSizes

    @classmethod
    def of(cls, shapes: Mapping[str, Sequence[int]]) -> FlowSizes:
        """Sizes of flow.pt. Raises KeyError with the name of a missing tensor."""
        codes, width = shapes["input_embedding.weight"]
        bins, voice = shapes["spk_embed_affine_layer.weight"]
        encoder = EncoderSizes.of(_under(shapes, "encoder."))
        estimator = EstimatorSizes.of(_under(shapes, "decoder.estimator."))
        return cls(codes, width, voice, bins, encoder, estimator)


def _under(shapes: Mapping[str, Sequence[int]], prefix: str) -> dict[str, Sequence[int]]:
    return {name.removeprefix(prefix): shape for name, shape in shapes.items() if name.startswith(prefix)}


class Flow(nn.Module):
    """The weights under their published names, shared by all streams."""

    noise: Tensor

    def __init__(self, sizes: FlowSizes, steps: int = STEPS, guidance: float = GUIDANCE) -> None:
        super().__init__()
        self.sizes, self.steps, self.guidance = sizes, steps, guidance
        self.input_embedding = nn.Embedding(sizes.codes, sizes.width)
        self.spk_embed_affine_layer = nn.Linear(sizes.voice, sizes.bins)
        self.encoder = FlowEncoder(sizes.encoder)
        self.encoder_proj = nn.Linear(sizes.encoder.width, sizes.bins)
        self.decoder = nn.ModuleDict({"estimator": FlowEstimator(sizes.estimator)})
        noise = torch.randn(1, MAX_FRAMES, sizes.bins, generator=torch.Generator().manual_seed(NOISE_SEED))
        self.register_buffer("noise", noise, persistent=False)

    @property
    def look_ahead(self) -> int:
        """Codes that the encoder sees ahead."""
        return self.sizes.encoder.look_ahead

    @torch.inference_mode()
    def begin(self, codes: Tensor, mel: Tensor, voice: Tensor) -> FlowState:
        """Start a stream with a voice prompt: its codes (n + look_ahead,), padded for the look-ahead, its mel
        (n * up, bins) and the speaker embedding (voice,)."""
        wanted = (len(codes) - self.look_ahead) * self.sizes.encoder.up
        assert len(mel) == wanted, f"the prompt's mel has {len(mel)} frames, its codes make {wanted}"
        state = FlowState(prompt_frames=len(mel))
        self._advance(state, codes, voice, mel, last=False)
        return state

    @torch.inference_mode()
    def piece(self, state: FlowState, codes: Tensor, voice: Tensor, last: bool = False) -> Tensor:
        """The next codes int64 (n + look_ahead,), or with `last` all remaining codes -> mel (n * up, bins)."""
        mel = self._advance(state, codes, voice, None, last)
        state.by_frame.trim(state.prompt_frames, CONTEXT_FRAMES)
        up = self.sizes.encoder.up
        state.by_code.trim(state.prompt_frames // up, CONTEXT_FRAMES // up)
        return mel

    def _advance(self, state: FlowState, codes: Tensor, voice: Tensor, mel: Tensor | None, last: bool) -> Tensor:
        before = state.by_frame.length
        rows = self.input_embedding(codes)[None]
        meaning = self.encoder_proj(self.encoder(rows, last, state.near, state.by_code, state.by_frame))
        speaker = self.spk_embed_affine_layer(F.normalize(voice, dim=-1))
        given = torch.zeros_like(meaning) if mel is None else mel[None]
        conditions = torch.cat([meaning, speaker.expand_as(meaning), given], dim=-1)
        return self._flow(state, conditions, before)[0]

    def _flow(self, state: FlowState, conditions: Tensor, before: int) -> Tensor:
        """(1, T, 3 * bins) -> mel (1, T, bins). Each step computes both directions in one batch."""
        frames = conditions.shape[1]
        assert before + frames <= MAX_FRAMES, "the stream is longer than the noise: shorten the voice prompt"
        x = self.noise[:, before : before + frames]
        with_and_without = torch.cat([conditions, torch.zeros_like(conditions)])
        times = 1 - torch.cos(torch.linspace(0, 1, self.steps + 1, device=x.device) * (torch.pi / 2))
        for step in range(self.steps):
            inputs = torch.cat([x.expand(2, -1, -1), with_and_without], dim=-1)
            direction = self.decoder["estimator"](inputs, times[step].expand(2), state.near, state.by_frame, step)
            guided = (1 + self.guidance) * direction[:1] - self.guidance * direction[1:]
            x = x + (times[step + 1] - times[step]) * guided
        return x
