// Packs rows of GGUF blocks into the panels of model.h. Portable code: it runs once per model.
// Formats: ggml-quants.c of github.com/ggml-org/ggml.
#pragma once
#include <cstdint>
#include <cstring>

#include "checks.h"

// One unpacked block of a row: a byte for each code, the numbers of the block header (`block`), and scales by group.
struct OpenBlock {
  uint8_t codes[256];
  uint16_t block[2];
  uint16_t halves[2];       // scale and minimum of types with 32 weights a block
  uint8_t scales[8][2];     // of K types
};

inline void open_q4_k(const uint8_t* b, OpenBlock& out) {
  std::memcpy(out.block, b, 4);
  const uint8_t *q = b + 4, *nibbles = b + 16;
  for (int g = 0; g < 8; g++) {
    const bool early = g < 4;
    out.scales[g][0] = early ? q[g] & 63 : (q[g + 4] & 15) | q[g - 4] >> 6 << 4;
    out.scales[g][1] = early ? q[g + 4] & 63 : q[g + 4] >> 4 | q[g] >> 6 << 4;
    for (int k = 0; k < 32; k++) out.codes[32 * g + k] = nibbles[32 * (g / 2) + k] >> 4 * (g % 2) & 15;
  }
}

inline void open_q6_k(const uint8_t* b, OpenBlock& out) {
  const uint8_t *low = b, *high = b + 128;
  for (int g = 0; g < 8; g++) {
    const int half = g / 4, quarter = g % 4;
    for (int k = 0; k < 32; k++) {
      int four = low[64 * half + 32 * (quarter % 2) + k] >> 4 * (quarter / 2) & 15;
      out.codes[32 * g + k] = uint8_t(four | (high[32 * half + k] >> 2 * quarter & 3) << 4);
    }
    std::memcpy(out.scales[g], b + 192 + 2 * g, 2);
  }
  std::memcpy(out.block, b + 208, 2);
}

inline void open_small(const uint8_t* b, int kind, OpenBlock& out) {
  std::memcpy(out.halves, b, kind == kQ4_1 ? 4 : 2);
  const uint8_t* codes = b + (kind == kQ4_1 ? 4 : kind == kQ5_0 ? 6 : 2);
  uint32_t fifth = 0;
  if (kind == kQ5_0) std::memcpy(&fifth, b + 2, 4);
  for (int k = 0; k < 32; k++) {
    if (kind == kQ8_0) out.codes[k] = codes[k] ^ 128;
    else out.codes[k] = uint8_t((codes[k % 16] >> 4 * (k / 16) & 15) | (fifth >> k & 1) << 4);
  }
}

// Writes the eight chunks of one row's group, a word of four codes each, to their place among sixteen rows.
inline void put_codes(const uint8_t* codes, int kind, int lane, uint8_t* group) {
  uint32_t word[8];
  std::memcpy(word, codes, 32);
  auto put = [&](int line, uint32_t bits) { std::memcpy(group + 64 * line + 4 * lane, &bits, 4); };
  if (kind == kQ8_0) {
    for (int c = 0; c < 8; c++) put(c, word[c]);
    return;
  }
  const uint32_t low = 0x0f0f0f0f, one = 0x01010101, two = 0x03030303;
  uint32_t fifth = 0, sixth[2] = {};
  for (int c = 0; c < 8; c++) {
    if (c < 4) put(c, (word[c] & low) | (word[c + 4] & low) << 4);
    fifth |= (word[c] >> 4 & one) << c;
    sixth[c / 4] |= (word[c] >> 4 & two) << 2 * (c % 4);
  }
  if (kind == kQ5_0) put(4, fifth);
  if (kind == kQ6_K) put(4, sixth[0]), put(5, sixth[1]);
}

inline void pack_row(const uint8_t* blocks, int groups, int kind, int lane, uint8_t* panel) {
  OpenBlock open = {};
  const int together = block_groups(kind);
  for (int first = 0; first < groups; first += together, blocks += file_block_bytes(kind)) {
    if (kind == kQ4_K) open_q4_k(blocks, open);
    else if (kind == kQ6_K) open_q6_k(blocks, open);
    else open_small(blocks, kind, open);
    uint8_t* head = panel + scales_at(kind, first) - block_bytes(kind);
    for (int i = 0; i < block_bytes(kind) / 32; i++) std::memcpy(head + 32 * i + 2 * lane, &open.block[i], 2);
    for (int g = 0; g < together; g++) {
      uint8_t* scales = panel + scales_at(kind, first + g);
      if (together > 1) scales[lane] = open.scales[g][0], scales[kPanel + lane] = open.scales[g][1];
      else for (int i = 0; i < scale_bytes(kind) / 32; i++) std::memcpy(scales + 32 * i + 2 * lane, &open.halves[i], 2);
      put_codes(open.codes + 32 * g, kind, lane, panel + codes_at(kind, groups) + size_t(first + g) * code_bytes(kind));
    }
  }
}

// The caller has checked all sizes (checks.h).
inline void pack(const uint8_t* blocks, int64_t rows, int columns, int kind, uint8_t* out) {
  const int groups = columns / kGroup;
  const int64_t row = stored_bytes(1, columns, kind), panel = int64_t(panel_bytes(kind, columns));
  std::memset(out, 0, size_t(packed_bytes(rows, columns, kind)));
  for (int64_t r = 0; r < rows; r++) {
    pack_row(blocks + r * row, groups, kind, int(r % kPanel), out + r / kPanel * panel);
  }
}
