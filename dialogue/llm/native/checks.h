// Whether what is handed over fits together: sizes, counts and pointers, before anything of it is read or written. The
// same is checked in Python, where a sentence can be made of it; here, because a mistake there must not cost memory.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>

#include "model.h"

enum Outcome { kDone = 0, kRefused = -1, kNoMemory = -2 };

constexpr int64_t kMostLayers = 10000, kMostWidth = 1 << 20, kMostHeads = 1 << 12, kMostRows = 1 << 25;
constexpr int64_t kMostTokens = 1 << 16, kMostUnits = 1 << 20;  // units: what a thread pool can count

// Runs the body if `fits`. No exception may leave a C function.
template <class Body>
int checked(bool fits, Body&& body) {
  if (!fits) return kRefused;
  try {
    body();
    return kDone;
  } catch (const std::exception&) {
    return kNoMemory;
  }
}

inline int64_t filled_up(int64_t rows) { return (rows + kPanel - 1) / kPanel * kPanel; }

inline bool can_be_packed(int64_t rows, int64_t columns, int bits) {
  return rows > 0 && rows <= kMostRows && rows % kPanel == 0 && columns > 0 && columns <= kMostWidth &&
         columns % kGroup == 0 && (bits == 4 || bits == 8);
}

// Bytes of a matrix that can be packed: as GGUF stores its blocks, and as panels.
inline int64_t stored_bytes(int64_t rows, int64_t columns, int bits) {
  return rows * (columns / kGroup) * (bits == 4 ? 20 : 34);
}
inline int64_t packed_bytes(int64_t rows, int64_t columns, int bits) {
  return rows / kPanel * (columns / kGroup) * group_bytes(bits);
}

inline bool fits(const Matrix& m, int64_t rows, int64_t columns) {
  return m.panels && m.rows == filled_up(rows) && m.columns == columns && can_be_packed(m.rows, m.columns, m.bits) &&
         m.bytes == packed_bytes(m.rows, m.columns, m.bits);
}

inline bool fits(const Vector& v, int64_t count) { return v.numbers && v.count == count; }
inline bool fits_or_absent(const Vector& v, int64_t count) { return fits(v, count) || (!v.numbers && !v.count); }

inline bool whole(const Model& m, const Layer& layer) {
  const int64_t queries = int64_t(m.heads) * m.head_dim, keys = int64_t(m.kv_heads) * m.head_dim;
  return fits(layer.attention_norm, m.hidden) && fits(layer.mlp_norm, m.hidden) &&
         fits_or_absent(layer.bias, queries + 2 * keys) && fits_or_absent(layer.query_norm, m.head_dim) &&
         fits_or_absent(layer.key_norm, m.head_dim) && fits(layer.query, queries, m.hidden) &&
         fits(layer.key, keys, m.hidden) && fits(layer.value, keys, m.hidden) && fits(layer.output, m.hidden, queries) &&
         fits(layer.gate, m.ffn, m.hidden) && fits(layer.up, m.ffn, m.hidden) && fits(layer.down, m.hidden, m.ffn);
}

inline bool within(int64_t number, int64_t least, int64_t most) { return number >= least && number <= most; }

inline bool whole(const Model& m) {
  if (!within(m.layers, 0, kMostLayers) || !within(m.hidden, kGroup, kMostWidth) || m.hidden % kGroup ||
      !within(m.ffn, kGroup, kMostWidth) || m.ffn % kGroup || !within(m.vocab, 1, kMostRows - kPanel) ||
      !within(m.heads, 1, kMostHeads) || !within(m.kv_heads, 1, m.heads) || m.heads % m.kv_heads ||
      (m.head_dim != 64 && m.head_dim != 128) || int64_t(m.layers) * 2 * m.kv_heads >= kMostUnits ||
      !(m.norm_eps >= 0) || !std::isfinite(m.norm_eps) || (m.layers && !m.layer))
    return false;
  return fits(m.final_norm, m.hidden) && fits(m.embedding, m.vocab, m.hidden) && fits(m.head, m.vocab, m.hidden) &&
         std::all_of(m.layer, m.layer + m.layers, [&](const Layer& layer) { return whole(m, layer); });
}

// A cache has rows for the new tokens, and for the keys of 16 that attention looks at together.
inline bool have_room(const Model& m, const Segment* segments, int count) {
  int64_t tokens = 0;
  for (const Segment* s = segments; s < segments + count; s++) {
    if (s->length < 0 || s->tokens < 0 || s->capacity < filled_up(int64_t(s->length) + s->tokens)) return false;
    if (s->tokens && m.layers && (!s->cache || !s->cosine || !s->sine)) return false;
    tokens += s->tokens;
  }
  return tokens <= kMostTokens;
}

inline bool can_move(const Model& m, const Segment& rows, int64_t target) {
  if (rows.length < 0 || rows.tokens < 0 || target < 0) return false;
  if (std::max(int64_t(rows.length), target) + rows.tokens > rows.capacity) return false;
  return !rows.tokens || !m.layers || (rows.cache && rows.cosine && rows.sine);
}
