"""What others have said a MiniCPM takes, on their machines and with their code: to be read beside what is measured."""

from __future__ import annotations

from dialogue.minicpm.kind import Kind

PUBLISHED: dict[Kind, tuple[str, ...]] = {
    Kind.V25: ("memory 19 GB in 16 bits, 8 GB in int4 (makers)",),
    Kind.V26: ("memory 17 GB in 16 bits, 7 GB in int4 (makers)",),
    Kind.TEXT3: ("no speed or memory of it is among the published figures that we know",),
    Kind.O26: (
        "first sound 0.73 s, a second of sound in 0.87 s, one graphics card in a cloud (a port)",
        "memory 18 GB in bfloat16, 9 GB in int4 (not confirmed)",
    ),
    Kind.O45: (
        "154 tokens/s, first token 0.6 s, 19 GB in bfloat16; 212 tokens/s, 0.6 s, 11 GB in int4 (makers)",
        "a second of full duplex: 0.21 s RTX 4090, 0.32 s RTX 5080, 0.40 s RTX 5070, 0.17 s DGX Spark in llama.cpp; "
        "2.42 s DGX Spark in PyTorch (makers' report)",
        "first sound under 0.55 s RTX 4090, under 0.65 s M4 Max, llama.cpp (makers)",
        "RTX 4090, 16 bits, llama.cpp: unit in 65 ms, token 38 ms, code 8.5 ms, sound 0.15 of its length (makers)",
    ),
}
