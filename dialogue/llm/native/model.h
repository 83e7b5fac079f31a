// What the compiled step computes with: plain data, laid out by loader.py (ctypes mirrors every struct here).
#pragma once
#include <cstdint>
#include <vector>

// A weight matrix (rows, columns) as panels of 16 rows, each a run of groups of 32 columns. Group, 4 bits: 256 bytes of
// codes, 16 float16 scales, 16 float16 minimums; a weight is scale * code + minimum. 8 bits: 512 bytes, 16 scales; a
// weight is scale * (code - 128). Codes lie in chunks of 4 columns x 16 rows (64 bytes, row by row), which is what one
// multiply-add instruction eats; at 4 bits, chunk c and chunk c + 4 share their bytes as low and high halves.
// `bytes` is the size of the panels.
struct Matrix {
  const uint8_t* panels;
  int64_t bytes;
  int32_t rows, columns, bits;
};

// A norm or a bias of `count` numbers; null and 0 where the family has none.
struct Vector {
  const float* numbers;
  int32_t count;

  operator const float*() const { return numbers; }
};

struct Layer {
  Vector attention_norm, mlp_norm;
  Vector bias, query_norm, key_norm;  // bias of q, k and v in a row
  Matrix query, key, value, output, gate, up, down;
};

struct Model {
  int32_t layers, hidden, heads, kv_heads, head_dim, ffn, vocab;
  float norm_eps;
  const Layer* layer;
  Vector final_norm;
  Matrix embedding, head;
};

// One session's part in a step. `cache` is float16 (layers, 2, kv_heads, capacity, head_dim); `length` rows of it are
// taken. cosine and sine are (tokens, head_dim / 2), for the positions of the new tokens.
struct Segment {
  uint16_t* cache;
  int64_t capacity;
  int32_t length, tokens;
  const float *cosine, *sine;
};

// Activations of some tokens as 16-bit integers with one scale for 32 of them: 64 bytes a group, in the order the
// instruction set likes. `sum` is the sum of the 32 values, which the weights' minimum is multiplied with.
// Sixteen bits, because eight would cost 3 % of the chosen tokens; sixteen give float32's choice.
struct Activations {
  int groups = 0;
  std::vector<uint8_t> codes;
  std::vector<float> scale, sum;

  void shape(int tokens, int columns) {
    groups = columns / 32;
    codes.resize(size_t(tokens) * groups * 64);
    scale.resize(size_t(tokens) * groups);
    sum.resize(size_t(tokens) * groups);
  }
};

constexpr int kPanel = 16, kGroup = 32;
constexpr int kPanels = 4;  // panels in a unit of work
constexpr int kTile = 8;    // tokens of one session that attention handles together

// A row of a step: the `token`-th of its session's new tokens.
struct Row {
  const Segment* segment;
  int token, row;
};

// What a step writes on its way. One per model, kept between steps; a lock lets one step in at a time.
struct Scratch {
  std::vector<float> normed, heads, mixed;
  Activations hidden, wide, ffn;

  void shape(const Model& m, int tokens) {
    normed.resize(size_t(tokens) * m.hidden);
    heads.resize(size_t(tokens) * (m.heads + 2 * m.kv_heads) * m.head_dim);
    mixed.resize(size_t(tokens) * m.heads * m.head_dim);
    hidden.shape(tokens, m.hidden);
    wide.shape(tokens, m.heads * m.head_dim);
    ffn.shape(tokens, m.ffn);
  }
};

// Room for one unit of work, the thread's own.
inline float* scratch_floats(size_t count) {
  static thread_local std::vector<float> room;
  if (room.size() < count) room.resize(count);
  return room.data();
}

inline int group_bytes(int bits) { return bits == 4 ? 320 : 544; }
inline size_t panel_bytes(const Matrix& m) { return size_t(m.columns / kGroup) * group_bytes(m.bits); }
