// Checks that the sizes, counts and pointers of the arguments match, before any of them is read or written. Python
// checks the same, to report it as a sentence; the checks here keep a mistake there from corrupting memory.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>

#include "model.h"

enum Outcome { kDone = 0, kRefused = -1, kNoMemory = -2 };

constexpr int64_t kMostLayers = 10000, kMostWidth = 1 << 20, kMostHeads = 1 << 12, kMostRows = 1 << 25;
constexpr int64_t kMostTokens = 1 << 16, kMostRank = 1 << 12, kMostUnits = 1 << 20;  // units: the limit of a thread pool

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

// Bytes of a block of a file: 256 weights of a K type, 32 of the others.
constexpr int file_block_bytes(int kind) {
  return kind == kQ4_1 ? 20 : kind == kQ5_0 ? 22 : kind == kQ8_0 ? 34 : kind == kQ4_K ? 144 : kind == kQ6_K ? 210 : 0;
}

inline bool can_be_packed(int64_t rows, int64_t columns, int kind) {
  return rows > 0 && rows <= kMostRows && columns > 0 && columns <= kMostWidth && file_block_bytes(kind) &&
         columns % (kGroup * block_groups(kind)) == 0;
}

// Bytes of a matrix that can be packed: as GGUF stores its blocks, and as panels.
inline int64_t stored_bytes(int64_t rows, int64_t columns, int kind) {
  return rows * (columns / (kGroup * block_groups(kind))) * file_block_bytes(kind);
}
inline int64_t packed_bytes(int64_t rows, int64_t columns, int kind) {
  return filled_up(rows) / kPanel * int64_t(panel_bytes(kind, int(columns)));
}

inline bool fits(const Matrix& m, int64_t rows, int64_t columns) {
  return m.panels && m.rows == filled_up(rows) && m.columns == columns && can_be_packed(m.rows, m.columns, m.kind) &&
         m.bytes == packed_bytes(m.rows, m.columns, m.kind);
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

inline bool fits(const LowRank& l, int64_t rows, int64_t columns) {
  return !l.rank || (within(l.rank, 1, kMostRank) && l.inner && l.outer && l.rows == rows && l.columns == columns);
}

// Whether the parts of a session's adapter have the sizes of the layers' matrices.
inline bool fits(const Model& m, const LayerAdapter* adapter) {
  const int64_t queries = int64_t(m.heads) * m.head_dim, keys = int64_t(m.kv_heads) * m.head_dim;
  return !adapter || std::all_of(adapter, adapter + m.layers, [&](const LayerAdapter& a) {
    return fits(a.query, queries, m.hidden) && fits(a.key, keys, m.hidden) && fits(a.value, keys, m.hidden) &&
           fits(a.output, m.hidden, queries) && fits(a.gate, m.ffn, m.hidden) && fits(a.up, m.ffn, m.hidden) &&
           fits(a.down, m.hidden, m.ffn);
  });
}

// Whether a cache has rows for the new tokens, in multiples of the 16 keys that attention reads at once.
inline bool have_room(const Model& m, const Segment* segments, int count) {
  int64_t tokens = 0;
  for (const Segment* s = segments; s < segments + count; s++) {
    if (s->length < 0 || s->tokens < 0 || s->capacity < filled_up(int64_t(s->length) + s->tokens)) return false;
    if (s->tokens && m.layers && (!s->cache || !s->cosine || !s->sine)) return false;
    if (s->tokens && !fits(m, s->adapter)) return false;
    tokens += s->tokens;
  }
  return tokens <= kMostTokens;
}

inline bool can_move(const Model& m, const Segment& rows, int64_t target) {
  if (rows.length < 0 || rows.tokens < 0 || target < 0) return false;
  if (std::max(int64_t(rows.length), target) + rows.tokens > rows.capacity) return false;
  return !rows.tokens || !m.layers || (rows.cache && rows.cosine && rows.sine);
}
