"""The tensors of a Llama-family decoder by name, with the shape its config gives each, and the check against a file."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dialogue.errors import BadInput
from dialogue.llm.checkpoints.decoder_config import DecoderConfig

Shapes = Mapping[str, tuple[int, ...]]

# In released files, but not needed to run: tables that are computed, and halves of codecs that only training uses.
SPARE = re.compile(
    r"resampler\.pos_embed$|.*\.inv_freq$|.*position_ids$|apm\.embed_positions\.inv|"
    r"tts\.model\.embed_tokens\.|tts\.projector_spk\.|tts\.dvae\.(encoder|downsample_conv|preprocessor)|"
    r"tts\.dvae\.vq_layer\.quantizer\.rvqs\.\d+\.(project_in|layers|codebooks|scales)|"
    r"feature_extractor\."
)


def require_shapes(wanted: Shapes, found: Shapes) -> None:
    """Raises BadInput, naming them, where wanted tensors are missing or have another shape."""
    missing = sorted(name for name in wanted if name not in found)
    if missing:
        raise BadInput(f"The model lacks {len(missing)} tensors: {listed(missing)}; download the whole model.")
    wrong = [f"{name} is {found[name]}, not {shape}" for name, shape in sorted(wanted.items()) if found[name] != shape]
    if wrong:
        raise BadInput(f"Tensors that do not fit the config: {listed(wrong)}. Is config.json of this model?")


def listed(names: list[str], most: int = 5) -> str:
    """For a message: the first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def decoder_tensors(c: DecoderConfig) -> dict[str, tuple[int, ...]]:
    """A Llama-family model under Hugging Face names."""
    width, queries, keys = c.hidden_size, c.heads * c.head_dim, c.kv_heads * c.head_dim
    products = {
        "self_attn.q_proj": (queries, width, c.qkv_bias),
        "self_attn.k_proj": (keys, width, c.qkv_bias),
        "self_attn.v_proj": (keys, width, c.qkv_bias),
        "self_attn.o_proj": (width, queries, c.output_bias),
        "mlp.gate_proj": (c.ffn_size, width, c.mlp_bias),
        "mlp.up_proj": (c.ffn_size, width, c.mlp_bias),
        "mlp.down_proj": (width, c.ffn_size, c.mlp_bias),
    }
    layer: dict[str, tuple[int, ...]] = {
        "input_layernorm.weight": (width,),
        "post_attention_layernorm.weight": (width,),
    }
    for name, (outputs, inputs, biased) in products.items():
        layer[f"{name}.weight"] = (outputs, inputs)
        if biased:
            layer[f"{name}.bias"] = (outputs,)
    if c.qk_norm:
        layer |= {"self_attn.q_norm.weight": (c.head_dim,), "self_attn.k_norm.weight": (c.head_dim,)}
    tensors: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (c.vocab_size, width),
        "model.norm.weight": (width,),
    }
    if not c.tied_head:
        tensors["lm_head.weight"] = (c.vocab_size, width)
    for number in range(c.layers):
        tensors |= {f"model.layers.{number}.{name}": shape for name, shape in layer.items()}
    return tensors
