// The data structures of the compiled step: plain data; loader.py mirrors every struct with ctypes.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

// The type of a stored matrix, with GGUF's numbers.
enum Kind : int32_t { kQ4_1 = 3, kQ5_0 = 6, kQ8_0 = 8, kQ4_K = 12, kQ6_K = 14 };

// A weight matrix (rows, columns) as panels of 16 rows: first the scales of all groups of 32 columns, then their codes.
// Nothing is rounded again: codes, scales and minimums are those of the file. A weight is
//   Q4_1  scale * code + minimum                    16 float16 scales and 16 float16 minimums a group
//   Q5_0  scale * (code - 16)                       16 float16 scales a group
//   Q8_0  scale * (code - 128)                      as Q5_0
//   Q4_K  d * scale * code - dmin * minimum         16 bytes of scales and 16 of minimums a group; before every eighth
//                                                   group 16 float16 d and 16 dmin
//   Q6_K  d * scale * (code - 32)                   a signed byte for each 16 columns: 32 a group; before every eighth
//                                                   group 16 float16 d
// Codes are in chunks of 4 columns x 16 rows (64 bytes, row by row), the input of one multiply-add instruction. The low
// four bits of chunk c and chunk c + 4 share their bytes as low and high halves; the bits above four follow: Q5_0 has
// one byte for the eight chunks, Q6_K one byte for chunks 0 to 3 and one for 4 to 7. Q8_0 has whole bytes.
// `bytes` is the size of the panels.
struct Matrix {
  const uint8_t* panels;
  int64_t bytes;
  int32_t rows, columns, kind;
};

// A norm or a bias of `count` numbers; null and 0 if the family has none.
struct Vector {
  const float* numbers;
  int32_t count;

  operator const float*() const { return numbers; }
};

constexpr int kPanel = 16, kGroup = 32;
constexpr int kTogether = 8;    // tokens that a kernel multiplies with codes that it unpacks once
constexpr int kTileBlocks = 2;  // blocks of as many tokens that the matrix unit multiplies at a time
constexpr int kTiled = kTileBlocks * kTogether;

// The number of groups that share a block header, and the bytes of that header.
constexpr int block_groups(int kind) { return kind == kQ4_K || kind == kQ6_K ? 8 : 1; }
constexpr int block_bytes(int kind) { return kind == kQ4_K ? 64 : kind == kQ6_K ? 32 : 0; }
// Bytes of the scales and of the codes of one group.
constexpr int scale_bytes(int kind) { return kind == kQ4_1 ? 64 : 32; }
constexpr int code_bytes(int kind) { return kind == kQ8_0 ? 512 : kind == kQ6_K ? 384 : kind == kQ5_0 ? 320 : 256; }
// The number subtracted from a code; 0 if a minimum is stored instead.
constexpr int code_offset(int kind) { return kind == kQ8_0 ? 128 : kind == kQ6_K ? 32 : kind == kQ5_0 ? 16 : 0; }

// Offset of the scales of group g from the start of a panel.
constexpr size_t scales_at(int kind, int g) {
  return size_t(g) * scale_bytes(kind) + size_t(g / block_groups(kind) + 1) * block_bytes(kind);
}
constexpr size_t codes_at(int kind, int groups) {
  size_t scales = size_t(groups) * scale_bytes(kind) + size_t(groups / block_groups(kind)) * block_bytes(kind);
  return (scales + 63) / 64 * 64;
}
constexpr size_t panel_bytes(int kind, int columns) {
  return (codes_at(kind, columns / kGroup) + size_t(columns / kGroup) * code_bytes(kind) + 63) / 64 * 64;
}
inline size_t panel_bytes(const Matrix& m) { return panel_bytes(m.kind, m.columns); }

struct Layer {
  Vector attention_norm, mlp_norm;
  Vector bias, query_norm, key_norm;  // the bias is that of q, k and v, concatenated
  Matrix query, key, value, output, gate, up, down;
};

struct Model {
  int32_t layers, hidden, heads, kv_heads, head_dim, ffn, vocab;
  float norm_eps;
  const Layer* layer;
  Vector final_norm;
  Matrix embedding, head;
};

// What an adapter adds to the product with a matrix (rows, columns): outer * (inner * x). `inner` is (rank, columns),
// `outer` (rank, rows) with the scale of the adapter. A rank of 0 stands for nothing.
struct LowRank {
  const float *inner, *outer;
  int32_t rank, rows, columns;
};

struct LayerAdapter {
  LowRank query, key, value, output, gate, up, down;
};

// One session's part in a step. `cache` is float16 (layers, 2, kv_heads, capacity, head_dim), with `length` rows in
// use. `cosine` and `sine` are (tokens, head_dim / 2), for the positions of the new tokens.
struct Segment {
  uint16_t* cache;
  int64_t capacity;
  int32_t length, tokens;
  const float *cosine, *sine;
  const LayerAdapter* adapter;  // one of each layer; null where the session has none
};

// The numbers of a group of 32 activations: their scale, and the sums of their values (all, first and second half),
// which are multiplied with the minimum of the weights.
struct GroupNumbers {
  float scale, sum, half[2];
};

// Activations of tokens as 16-bit integers with one scale for 32 of them: 64 bytes a group, in the order that the
// instruction set needs. Eight tokens (or the rest) are stored together, group by group and token by token, so that a
// kernel finds them at fixed distances.
// With 8 bits 3 % of the chosen tokens differ from float32; with 16 bits they are the same.
struct Activations {
  int tokens = 0, groups = 0;
  bool tiles = false;  // whether the matrix unit multiplies whole blocks of tokens
  std::vector<uint8_t> codes;
  std::vector<GroupNumbers> numbers;

  void shape(int count, int columns) {
    tokens = count;
    groups = columns / kGroup;
    codes.resize(size_t(tokens) * groups * 64);
    numbers.resize(size_t(tokens) * groups);
  }

  size_t at(int token, int group) const {
    const int first = token / kTogether * kTogether, together = std::min(kTogether, tokens - first);
    return size_t(first) * groups + size_t(group) * together + token - first;
  }
};

constexpr int kPanels = 4;     // panels in a unit of work
constexpr int kFewTokens = 3;  // tokens whose sums registers hold for several panels
constexpr int kTile = 8;       // tokens of one session that attention handles together

// A row of a step: new token number `token` of its session.
struct Row {
  const Segment* segment;
  int token, row;
};

// inner * x of the tokens whose sessions have an adapter: `stride` numbers a token.
struct Narrowed {
  size_t stride = 0;
  std::vector<float> numbers;
};

// The buffers of a step. One per model, reused between steps; a lock admits one step at a time.
struct Scratch {
  std::vector<float> normed, heads, mixed;
  Activations hidden, wide, ffn;
  Narrowed narrowed[3];
  std::vector<float> products;  // silu(gate) * up, for the adapters of `down`

  void use_tiles(bool tiles) { hidden.tiles = wide.tiles = ffn.tiles = tiles; }

  void shape(const Model& m, int tokens) {
    normed.resize(size_t(tokens) * m.hidden);
    heads.resize(size_t(tokens) * (m.heads + 2 * m.kv_heads) * m.head_dim);
    mixed.resize(size_t(tokens) * m.heads * m.head_dim);
    hidden.shape(tokens, m.hidden);
    wide.shape(tokens, m.heads * m.head_dim);
    ffn.shape(tokens, m.ffn);
  }
};

// The thread's own buffer for one unit of work.
inline float* scratch_floats(size_t count) {
  static thread_local std::vector<float> room;
  if (room.size() < count) room.resize(count);
  return room.data();
}
