// The compiled decode step: one forward pass of a Llama-family decoder over weights of 4 to 8 bits, on x86-64.
//
// The time of a token in a small model is bound by reading its weights once. The weights stay in the groups of the file
// (model.h); activations are 16-bit integers, so that products are integer instructions and the result still equals
// that of the float32 model. Everything between two products is fused into them (step.h).
//
// Plain C interface without Python or libraries. The caller owns all pointers: weights must live as long as the
// decoder, the cache of a session as long as a call.
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#include "checks.h"
#include "matrix_unit.h"
#include "model.h"
#include "pack.h"
#include "thread_pool.h"

// The same code for each instruction set. All standard headers are included above: code below a target pragma is
// compiled for that target, and must not be used before the processor has been detected.
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
namespace avx2 {
constexpr bool kTiles = false;
#include "vector_avx2.h"
//
#include "products.h"
//
#include "kernels.h"
#include "step.h"
}  // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")
namespace avx512 {
constexpr bool kTiles = true;  // used where `Activations::tiles` says so
#include "vector_avx512.h"
//
#include "products.h"
//
#include "tiles.h"
//
#include "kernels.h"
#include "step.h"
}  // namespace avx512
#pragma GCC pop_options

enum Instructions { kNone = 0, kAvx2 = 1, kAvx512 = 2, kAmx = 3 };

struct Decoder {
  Decoder(const Model& m, int threads, int set) : model(m), pool(threads), instructions(set) {
    scratch.use_tiles(set == kAmx);
  }

  Model model;
  ThreadPool pool;
  Scratch scratch;
  std::mutex one_step_at_a_time;
  int instructions;
};

#pragma GCC visibility push(default)
extern "C" {

// Identifies the interface that loader.py expects: a version, to be raised when a function changes, and the sizes of
// the structures.
int decoder_interface() { return 6000000 + 1000 * int(sizeof(Layer)) + int(sizeof(Model)) + int(sizeof(Segment)); }

// The best instruction set that this processor and the step support; 0 if there is none.
int decoder_instructions() {
  __builtin_cpu_init();
  bool narrow = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  if (!narrow) return kNone;
  bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
              __builtin_cpu_supports("avx512vnni");
  return !wide ? kAvx2 : allow_matrix_unit() ? kAmx : kAvx512;
}

// `threads` includes the caller's thread. The Model is copied, but not the data that it points to. Null if a size,
// count or pointer of the model does not match the others.
Decoder* decoder_open(const Model* model, int threads, int instructions) {
  Decoder* opened = nullptr;
  const bool fits = threads >= 1 && threads <= 1024 && instructions >= kAvx2 && instructions <= kAmx;
  checked(fits && whole(*model), [&] { opened = new Decoder(*model, threads, instructions); });
  return opened;
}

void decoder_close(Decoder* d) { delete d; }

// The functions below return kDone, kNoMemory, or kRefused if the arguments do not match the model; then nothing was
// read or written.

// Float embeddings (count, hidden) of token ids.
int decoder_embed(const Decoder* d, const int64_t* ids, int count, float* out) {
  const auto known = [&](int64_t id) { return id >= 0 && id < d->model.vocab; };
  return checked(count >= 0 && std::all_of(ids, ids + count, known), [&] {
    auto read_row = d->instructions >= kAvx512 ? avx512::read_row : avx2::read_row;
    for (int i = 0; i < count; i++) read_row(d->model.embedding, ids[i], out + size_t(i) * d->model.hidden);
  });
}

// Appends the tokens of every segment to its cache, in layers `first` to `last` - 1. `x` (sum of tokens, hidden):
// embeddings or the hidden states after the layer before, which become those after the last of these layers.
int decoder_forward(Decoder* d, const Segment* segments, int count, float* x, int first, int last) {
  const bool layers = first >= 0 && first <= last && last <= d->model.layers;
  return checked(layers && count >= 0 && have_room(d->model, segments, count), [&] {
    std::lock_guard<std::mutex> lock(d->one_step_at_a_time);
    auto run = [&](auto step) { step.run(x, first, last); };
    if (d->instructions >= kAvx512) run(avx512::Step(d->model, d->scratch, d->pool, segments, count));
    else run(avx2::Step(d->model, d->scratch, d->pool, segments, count));
  });
}

// Logits (count, head rows) of hidden states (count, hidden).
int decoder_logits(Decoder* d, const float* hidden, int count, float* out) {
  return checked(count >= 0 && count <= kMostTokens, [&] {
    std::lock_guard<std::mutex> lock(d->one_step_at_a_time);
    auto project = d->instructions >= kAvx512 ? avx512::project_vocabulary : avx2::project_vocabulary;
    project(d->model, d->scratch, d->pool, hidden, count, out);
  });
}

// Moves rows of one session's cache and rotates their keys to the new positions: see move_rows.
int decoder_move(Decoder* d, const Segment* rows, int target) {
  return checked(can_move(d->model, *rows, target), [&] {
    std::lock_guard<std::mutex> lock(d->one_step_at_a_time);
    auto move_rows = d->instructions >= kAvx512 ? avx512::move_rows : avx2::move_rows;
    move_rows(d->model, d->pool, *rows, target);
  });
}

// Version of the layout of panels (model.h), to be raised when it changes, because panels are stored in files.
int decoder_layout() { return 1; }

// Bytes of a matrix in panels; 0 for a kind or a size that the step does not support.
int64_t decoder_packed_bytes(int64_t rows, int64_t columns, int kind) {
  return can_be_packed(rows, columns, kind) ? packed_bytes(rows, columns, kind) : 0;
}

// Packs `rows` rows of GGUF blocks into panels (pack.h). Rows are padded with zeros to a multiple of 16. `given` and
// `room` are the bytes at `blocks` and `out`, and must match these sizes exactly.
int decoder_pack(const uint8_t* blocks, int64_t given, int64_t rows, int64_t columns, int kind, uint8_t* out,
                 int64_t room) {
  if (!can_be_packed(rows, columns, kind) || given != stored_bytes(rows, columns, kind) ||
      room != packed_bytes(rows, columns, kind))
    return kRefused;
  pack(blocks, rows, int(columns), kind, out);
  return kDone;
}

}  // extern "C"
#pragma GCC visibility pop
