// The compiled decode step: one forward pass of a Llama-family decoder over weights of 4 to 8 bits, on x86-64.
//
// Why it exists: a token of a small model is bound by reading its weights once. The weights stay in the file's own
// groups (model.h); activations are 16-bit integers, so that products are integer instructions and the result
// still equals the float32 model's. Everything between two products is fused into them (step.h).
//
// Plain C interface, no Python, no libraries. Pointers stay owned by the caller: weights for the life of the decoder, a
// session's cache for the length of a call.
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#include "model.h"
#include "pack.h"
#include "thread_pool.h"

// The same code for each instruction set. All standard headers stand above: what is included below a target pragma is
// compiled for that target, and must not leak into code that runs before the processor has been asked.
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
namespace avx2 {
#include "vector_avx2.h"
//
#include "kernels.h"
#include "step.h"
}  // namespace avx2
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")
namespace avx512 {
#include "vector_avx512.h"
//
#include "kernels.h"
#include "step.h"
}  // namespace avx512
#pragma GCC pop_options

enum Instructions { kNone = 0, kAvx2 = 1, kAvx512 = 2 };

struct Decoder {
  Decoder(const Model& m, int threads, int set) : model(m), pool(threads), instructions(set) {}

  Model model;
  ThreadPool pool;
  Scratch scratch;
  std::mutex one_step_at_a_time;
  int instructions;
};

#pragma GCC visibility push(default)
extern "C" {

// What loader.py was written for: a version, to be raised when a function changes, and the sizes of what is handed
// over.
int decoder_interface() { return 3000000 + 1000 * int(sizeof(Layer)) + int(sizeof(Model)) + int(sizeof(Segment)); }

// The best instruction set of this processor that the step knows; 0 if none.
int decoder_instructions() {
  __builtin_cpu_init();
  bool narrow = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  if (!narrow) return kNone;
  bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
              __builtin_cpu_supports("avx512vnni");
  return wide ? kAvx512 : kAvx2;
}

// `threads` includes the caller's. The Model is copied, what it points to is not.
Decoder* decoder_open(const Model* model, int threads, int instructions) {
  return new Decoder(*model, threads, instructions);
}

void decoder_close(Decoder* d) { delete d; }

// Float embeddings (count, hidden) of token ids.
void decoder_embed(const Decoder* d, const int64_t* ids, int count, float* out) {
  auto read_row = d->instructions == kAvx512 ? avx512::read_row : avx2::read_row;
  for (int i = 0; i < count; i++) read_row(d->model.embedding, ids[i], out + size_t(i) * d->model.hidden);
}

// Appends the tokens of every segment to its cache. `x` (sum of tokens, hidden): embeddings in, hidden states out.
void decoder_forward(Decoder* d, const Segment* segments, int count, float* x) {
  std::lock_guard<std::mutex> lock(d->one_step_at_a_time);
  if (d->instructions == kAvx512) avx512::Step(d->model, d->scratch, d->pool, segments, count).run(x);
  else avx2::Step(d->model, d->scratch, d->pool, segments, count).run(x);
}

// Logits (count, head rows) of hidden states (count, hidden).
void decoder_logits(Decoder* d, const float* hidden, int count, float* out) {
  std::lock_guard<std::mutex> lock(d->one_step_at_a_time);
  auto project = d->instructions == kAvx512 ? avx512::project_vocabulary : avx2::project_vocabulary;
  project(d->model, d->scratch, d->pool, hidden, count, out);
}

// Rows of one session's cache take another place, with their keys turned to it: see move_rows.
void decoder_move(Decoder* d, const Segment* rows, int target) {
  std::lock_guard<std::mutex> lock(d->one_step_at_a_time);
  auto move_rows = d->instructions == kAvx512 ? avx512::move_rows : avx2::move_rows;
  move_rows(d->model, d->pool, *rows, target);
}

// Number of the layout of panels (model.h), to be raised when it changes: panels are kept in files.
int decoder_layout() { return 1; }

// Bytes of a matrix in panels (pack.h); 0 for a kind or a size the step does not know.
int64_t decoder_packed_bytes(int64_t rows, int64_t columns, int kind) { return packed_bytes(rows, columns, kind); }

// Blocks of `rows` rows as GGUF stores them -> panels, `decoder_packed_bytes` long. Rows are filled up with zeros to a
// multiple of 16. Returns 0, or 1 and does nothing where the sizes do not fit one another.
int decoder_pack(const uint8_t* blocks, int64_t block_bytes, int64_t rows, int64_t columns, int kind, uint8_t* out,
                 int64_t out_bytes) {
  return pack(blocks, block_bytes, rows, columns, kind, out, out_bytes) ? 0 : 1;
}

}  // extern "C"
#pragma GCC visibility pop
