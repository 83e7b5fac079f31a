// The compiled decode step: one forward pass of a Llama-family decoder over weights of 4 or 8 bits, on x86-64.
//
// Why it exists: a token of a small model is bound by reading its weights once. The weights stay in the file's own
// 4-bit groups (model.h); activations are 16-bit integers, so that products are integer instructions and the result
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
#include <exception>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#include "model.h"
#include "checks.h"
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

// `threads` includes the caller's. The Model is copied, what it points to is not. Null where a size, count or pointer
// of the model does not fit the others.
Decoder* decoder_open(const Model* model, int threads, int instructions) {
  Decoder* opened = nullptr;
  const bool fits = threads >= 1 && threads <= 1024 && (instructions == kAvx2 || instructions == kAvx512);
  checked(fits && whole(*model), [&] { opened = new Decoder(*model, threads, instructions); });
  return opened;
}

void decoder_close(Decoder* d) { delete d; }

// The functions below return kDone, or kRefused without having touched anything where what they are given does not fit
// the model, or kNoMemory.

// Float embeddings (count, hidden) of token ids.
int decoder_embed(const Decoder* d, const int64_t* ids, int count, float* out) {
  const auto known = [&](int64_t id) { return id >= 0 && id < d->model.vocab; };
  return checked(count >= 0 && std::all_of(ids, ids + count, known), [&] {
    auto read_row = d->instructions == kAvx512 ? avx512::read_row : avx2::read_row;
    for (int i = 0; i < count; i++) read_row(d->model.embedding, ids[i], out + size_t(i) * d->model.hidden);
  });
}

// Appends the tokens of every segment to its cache. `x` (sum of tokens, hidden): embeddings in, hidden states out.
int decoder_forward(Decoder* d, const Segment* segments, int count, float* x) {
  return checked(count >= 0 && have_room(d->model, segments, count), [&] {
    std::lock_guard<std::mutex> lock(d->one_step_at_a_time);
    if (d->instructions == kAvx512) avx512::Step(d->model, d->scratch, d->pool, segments, count).run(x);
    else avx2::Step(d->model, d->scratch, d->pool, segments, count).run(x);
  });
}

// Logits (count, head rows) of hidden states (count, hidden).
int decoder_logits(Decoder* d, const float* hidden, int count, float* out) {
  return checked(count >= 0 && count <= kMostTokens, [&] {
    std::lock_guard<std::mutex> lock(d->one_step_at_a_time);
    auto project = d->instructions == kAvx512 ? avx512::project_vocabulary : avx2::project_vocabulary;
    project(d->model, d->scratch, d->pool, hidden, count, out);
  });
}

// Rows of one session's cache take another place, with their keys turned to it: see move_rows.
int decoder_move(Decoder* d, const Segment* rows, int target) {
  return checked(can_move(d->model, *rows, target), [&] {
    std::lock_guard<std::mutex> lock(d->one_step_at_a_time);
    auto move_rows = d->instructions == kAvx512 ? avx512::move_rows : avx2::move_rows;
    move_rows(d->model, d->pool, *rows, target);
  });
}

// Rows of 32-weight blocks as GGUF stores them -> panels. Q4_1: scale, minimum, 16 bytes whose low halves are the first
// 16 weights. Q8_0: scale, 32 signed bytes. `rows` is a multiple of 16; `given` and `room` are the bytes at `blocks` and
// `out`, and must be what these sizes take, no less and no more.
int decoder_pack(const uint8_t* blocks, int64_t given, int rows, int columns, int bits, uint8_t* out, int64_t room) {
  if (!can_be_packed(rows, columns, bits) || given != stored_bytes(rows, columns, bits) ||
      room != packed_bytes(rows, columns, bits))
    return kRefused;
  const int groups = columns / kGroup, block = bits == 4 ? 20 : 34, header = bits == 4 ? 4 : 2;
  for (int row = 0; row < rows; row++) {
    for (int g = 0; g < groups; g++, blocks += block) {
      const int lane = row % kPanel;
      uint8_t* group = out + (size_t(row / kPanel) * groups + g) * group_bytes(bits);
      uint16_t* halves = (uint16_t*)(group + 64 * bits);
      const uint8_t* codes = blocks + header;
      std::copy(blocks, blocks + 2, (uint8_t*)(halves + lane));
      if (bits == 4) std::copy(blocks + 2, blocks + 4, (uint8_t*)(halves + kPanel + lane));
      for (int k = 0; k < 64 * bits / kPanel; k++) {
        uint8_t& byte = group[64 * (k / 4) + 4 * lane + k % 4];
        byte = bits == 4 ? codes[k] : uint8_t(codes[k] ^ 128);
      }
    }
  }
  return kDone;
}

}  // extern "C"
#pragma GCC visibility pop
