// The arithmetic of a decoder step on sixteen lanes: norms, quantisation, products, rotation, attention. Written once
// and compiled for each instruction set; independent of layers and sessions.
// No include guard: included inside a namespace, below a target pragma.

// exp by range reduction to [-ln2/2, ln2/2] and a polynomial of degree 6: relative error below 2e-7.
inline F exponential(F x) {
  x = larger(x, all(-87.f));
  F n = nearest(multiply(x, all(1.44269504f)));
  F r = fma(n, all(2.12194440e-4f), fma(n, all(-0.693359375f), x));  // ln2 in two parts
  F p = fma(all(1.f / 720), r, all(1.f / 120));
  for (float coefficient : {1.f / 24, 1.f / 6, 0.5f, 1.f, 1.f}) p = fma(p, r, all(coefficient));
  return times_power_of_two(p, n);
}

inline F silu(F x) { return divide(x, add(all(1.f), exponential(subtract(zero(), x)))); }

inline void quantise_row(const float* x, int token, int first_group, int groups, Activations& out) {
  for (int g = 0; g < groups; g++) {
    size_t at = out.at(token, first_group + g);
    quantise(x + g * kGroup, &out.codes[at * 64], out.numbers[at]);
  }
}

inline float inverse_rms(const float* x, int n, float epsilon) {
  F squares = zero();
  for (int k = 0; k < n; k += 16) squares = fma(load(x + k), load(x + k), squares);
  return 1.f / std::sqrt(total(squares) / n + epsilon);
}

// out = x / rms(x) * weight
inline void rms_norm(const float* x, const float* weight, int n, float epsilon, float* out) {
  F inverse = all(inverse_rms(x, n, epsilon));
  for (int k = 0; k < n; k += 16) store(out + k, multiply(multiply(load(x + k), inverse), load(weight + k)));
}

// Calls body(count) with `count` as a compile-time constant, if it is one of 1 .. Most.
template <int Most, class Body>
inline void with_count(int count, Body&& body) {
  [&]<int... N>(std::integer_sequence<int, N...>) {
    ((count == N + 1 ? body(std::integral_constant<int, N + 1>()) : void()), ...);
  }(std::make_integer_sequence<int, Most>());
}

// The scales of a group: weight = scale[part] * code + minimum[part].
template <int Kind>
inline void read_scales(const uint8_t* at, const uint8_t* block, F* scale, F* minimum) {
  if (Kind == kQ4_K) {
    scale[0] = multiply(load_half(block), load_bytes(at));
    minimum[0] = subtract(zero(), multiply(load_half(block + 32), load_bytes(at + kPanel)));
  } else if (Kind == kQ6_K) {
    for (int part = 0; part < 2; part++) {
      scale[part] = multiply(load_half(block), load_signed_bytes(at + part * kPanel));
      minimum[part] = multiply(scale[part], all(-code_offset(Kind)));
    }
  } else {
    scale[0] = load_half(at);
    minimum[0] = Kind == kQ4_1 ? load_half(at + 32) : multiply(scale[0], all(-code_offset(Kind)));
  }
}

// `Panels` neighbouring panels (16 rows each) times `Tokens` tokens, from token `first` on. Panels are read in
// parallel, because a core reads memory 1.5 times as fast from several places as from one; each line is prefetched one
// round ahead.
template <int Kind, int Tokens, int Panels>
[[gnu::noinline]] void multiply_panels(const uint8_t* panel, size_t size, const Activations& x, int first, F* sums) {
  constexpr int kParts = Kind == kQ6_K ? 2 : 1;
  const uint8_t *scales = panel, *codes = panel + codes_at(Kind, x.groups);
  const uint8_t* activations = &x.codes[size_t(first) * x.groups * 64];
  const GroupNumbers* numbers = &x.numbers[size_t(first) * x.groups];
  F total[Panels][Tokens];
  for (auto& panel_sums : total) std::fill_n(panel_sums, Tokens, zero());
  for (int g = 0; g < x.groups; g += block_groups(Kind)) {
    const uint8_t* block = scales;
    scales += block_bytes(Kind);
    for (int i = 0; i < block_groups(Kind); i++) {
      const uint8_t* group[Panels];
      F scale[Panels][kParts], minimum[Panels][kParts], dots[Panels][kParts][Tokens];
      for (int p = 0; p < Panels; p++) {
        group[p] = codes + p * size;
        _mm_prefetch((const char*)scales + (Panels + p) * size, _MM_HINT_T0);
        for (int line = 0; line < code_bytes(Kind); line += 64)
          _mm_prefetch((const char*)group[p] + Panels * size + line, _MM_HINT_T0);
      }
      auto read = [&] {
        for (int p = 0; p < Panels; p++) read_scales<Kind>(scales + p * size, block + p * size, scale[p], minimum[p]);
      };
      auto add_part = [&](int p, int part, int t, F dot) {
        F sum = all(kParts == 1 ? numbers[t].sum : numbers[t].half[part]);
        total[p][t] = fma(minimum[p][part], sum, total[p][t]);
        total[p][t] = fma(multiply(scale[p][part], all(numbers[t].scale)), dot, total[p][t]);
      };
      if constexpr (Tokens <= kFewTokens) {  // registers hold first the dots, then the scales
        dot_groups<Kind, kParts, Panels, Tokens>(
            group, activations, [&](int p, int part, int t, F dot) { dots[p][part][t] = dot; });
        read();
        for (int p = 0; p < Panels; p++) {
          for (int t = 0; t < Tokens; t++) {
            for (int part = 0; part < kParts; part++) add_part(p, part, t, dots[p][part][t]);
          }
        }
      } else {
        read();
        dot_groups<Kind, kParts, Panels, Tokens>(group, activations, add_part);
      }
      scales += scale_bytes(Kind);
      codes += code_bytes(Kind);
      activations += Tokens * 64;
      numbers += Tokens;
    }
  }
  for (int p = 0; p < Panels; p++) std::copy_n(total[p], Tokens, sums + p * Tokens);
}

using Multiply = void (*)(const uint8_t* panel, size_t size, const Activations& x, int first, F* sums);

// The kernels of one kind by the number of tokens, for several panels in parallel and for the last, single ones.
struct Kernels {
  Multiply together[kTogether + 1], alone[kTogether + 1];
};

constexpr int panels_together(int tokens) { return tokens <= kFewTokens ? 4 : 2; }

template <int Kind>
const Kernels* kernels_of() {
  static const Kernels all = []<int... N>(std::integer_sequence<int, N...>) {
    return Kernels{{nullptr, multiply_panels<Kind, N + 1, panels_together(N + 1)>...},
                   {nullptr, multiply_panels<Kind, N + 1, 1>...}};
  }(std::make_integer_sequence<int, kTogether>());
  return &all;
}

// Calls body with the kind as a compile-time constant.
template <class Body>
inline auto with_kind(int kind, Body&& body) {
  switch (kind) {
    case kQ4_1: return body(std::integral_constant<int, kQ4_1>());
    case kQ5_0: return body(std::integral_constant<int, kQ5_0>());
    case kQ4_K: return body(std::integral_constant<int, kQ4_K>());
    case kQ6_K: return body(std::integral_constant<int, kQ6_K>());
    default: return body(std::integral_constant<int, kQ8_0>());
  }
}

// Calls put(panel, token, sums) with the sixteen outputs of each of `count` panels from `first` on, for every token.
template <class Put>
inline void multiply_rows(const Matrix& m, int first, int count, const Activations& x, int tokens, Put&& put) {
  const Kernels& kernels = *with_kind(m.kind, [](auto kind) { return kernels_of<kind>(); });
  const size_t size = panel_bytes(m);
  F sums[16];
  for (int panel = 0; panel < count;) {
    const int most = panels_together(tokens), panels = panel + most <= count ? most : 1;
    for (int token = 0; token < tokens;) {
      const int some = std::min(kTogether, tokens - token);
      // A rest of few tokens would use the kernel for another number of panels.
      const auto multiply = panels == panels_together(some) ? kernels.together[some] : kernels.alone[some];
      const int step = panels == panels_together(some) ? panels : 1;
      for (int at = 0; at < panels; at += step) {
        multiply(m.panels + (first + panel + at) * size, size, x, token, sums);
        for (int p = 0; p < step; p++) {
          for (int t = 0; t < some; t++) put(panel + at + p, token + t, sums[p * some + t]);
        }
      }
      token += some;
    }
    panel += panels;
  }
}

inline int code_of(int kind, const uint8_t* group, int column, int lane) {
  const int chunk = column / 4, byte = lane * 4 + column % 4;
  if (kind == kQ8_0) return group[64 * chunk + byte];
  int code = group[64 * (chunk % 4) + byte] >> (chunk / 4 * 4) & 15;
  if (kind == kQ5_0) code |= (group[256 + byte] >> chunk & 1) << 4;
  if (kind == kQ6_K) code |= (group[256 + 64 * (chunk / 4) + byte] >> 2 * (chunk % 4) & 3) << 4;
  return code;
}

template <int Kind>
inline void read_lane(const uint8_t* panel, int groups, int lane, float* out) {
  const uint8_t* group = panel + codes_at(Kind, groups);
  for (int g = 0; g < groups; g++, group += code_bytes(Kind), out += kGroup) {
    const int first = g / block_groups(Kind) * block_groups(Kind);
    F scale[2], minimum[2];
    read_scales<Kind>(panel + scales_at(Kind, g), panel + scales_at(Kind, first) - block_bytes(Kind), scale, minimum);
    float scales[2][kPanel], minimums[2][kPanel];
    for (int part = 0; part < (Kind == kQ6_K ? 2 : 1); part++) {
      store(scales[part], scale[part]);
      store(minimums[part], minimum[part]);
    }
    for (int k = 0; k < kGroup; k++) {
      const int part = Kind == kQ6_K ? k / 16 : 0;
      out[k] = scales[part][lane] * code_of(Kind, group, k, lane) + minimums[part][lane];
    }
  }
}

// Writes one row of a matrix as floats: an embedding.
inline void read_row(const Matrix& m, int64_t row, float* out) {
  const uint8_t* panel = m.panels + row / kPanel * panel_bytes(m);
  const int groups = m.columns / kGroup, lane = int(row % kPanel);
  with_kind(m.kind, [&](auto kind) { read_lane<kind>(panel, groups, lane, out); });
}

// Rotates one head in place and scales it. Pairs are (k, k + dim / 2).
inline void rotate(float* head, const float* cosine, const float* sine, int dim, float scale) {
  for (int k = 0; k < dim / 2; k += 16) {
    F a = load(head + k), b = load(head + k + dim / 2), c = load(cosine + k), s = load(sine + k), by = all(scale);
    store(head + k, multiply(by, subtract(multiply(a, c), multiply(b, s))));
    store(head + k + dim / 2, multiply(by, fma(b, c, multiply(a, s))));
  }
}

// Calls body(row) for every kRows rows, from four places in turn, which is faster than reading them in order.
constexpr int kRows = 16;
template <class Body>
inline void each_place(int end, Body&& body) {
  const int blocks = (end + kRows - 1) / kRows, quarter = (blocks + 3) / 4;
  for (int i = 0; i < quarter; i++) {
    for (int block = i; block < std::min(blocks, i + 4 * quarter); block += quarter) body(block * kRows);
  }
}

// Scores of `Queries` queries against the 16 keys at `keys`, into out[q * out_stride].
template <int Dim, int Queries>
inline void score_sixteen(const uint16_t* keys, const float* queries, float* out, size_t out_stride) {
  constexpr int kParts = Dim / 16;
  F products[Queries][16];
#pragma GCC unroll 4
  for (int r = 0; r < 16; r++) {
    _mm_prefetch((const char*)(keys + (r + kRows) * Dim), _MM_HINT_T0);
    if (Dim > 32) _mm_prefetch((const char*)(keys + (r + kRows) * Dim + 32), _MM_HINT_T0);
    F key[kParts];
    for (int p = 0; p < kParts; p++) key[p] = load_half(keys + r * Dim + 16 * p);
    for (int q = 0; q < Queries; q++) {
      F sum = multiply(key[0], load(queries + q * Dim));
      for (int p = 1; p < kParts; p++) sum = fma(key[p], load(queries + q * Dim + 16 * p), sum);
      products[q][r] = sum;
    }
  }
  for (int q = 0; q < Queries; q++) store(out + q * out_stride, totals(products[q]));
}

// mixed[q] += weight[q][r] * value[r] over `rows` values.
template <int Dim, int Queries>
inline void mix_values(const uint16_t* values, int rows, const float* weights, size_t stride, float* mixed) {
  constexpr int kParts = Dim / 16;
  F sums[Queries][kParts];
  for (int q = 0; q < Queries; q++) {
    for (int p = 0; p < kParts; p++) sums[q][p] = load(mixed + q * Dim + 16 * p);
  }
  for (int r = 0; r < rows; r++) {
    _mm_prefetch((const char*)(values + (r + kRows) * Dim), _MM_HINT_T0);
    if (Dim > 32) _mm_prefetch((const char*)(values + (r + kRows) * Dim + 32), _MM_HINT_T0);
    F value[kParts];
    for (int p = 0; p < kParts; p++) value[p] = load_half(values + r * Dim + 16 * p);
    for (int q = 0; q < Queries; q++) {
      F weight = all(weights[q * stride + r]);
      for (int p = 0; p < kParts; p++) sums[q][p] = fma(weight, value[p], sums[q][p]);
    }
  }
  for (int q = 0; q < Queries; q++) {
    for (int p = 0; p < kParts; p++) store(mixed + q * Dim + 16 * p, sums[q][p]);
  }
}

// Softmax over the first n scores; the rest up to the next multiple of 16 becomes 0.
inline void softmax(float* scores, int n) {
  F most = all(-1e30f), sum = zero();
  for (int k = 0; k < n; k += 16) most = larger(most, keep(load(scores + k), std::min(16, n - k), most));
  most = all(largest(most));
  for (int k = 0; k < n; k += 16) {
    F e = keep(exponential(subtract(load(scores + k), most)), std::min(16, n - k), zero());
    store(scores + k, e);
    sum = add(sum, e);
  }
  F inverse = all(1.f / total(sum));
  for (int k = 0; k < n; k += 16) store(scores + k, multiply(load(scores + k), inverse));
}

// Attention of one key head for a tile of consecutive tokens, whose query heads share it. Token t's queries (heads,
// Dim), rotated and scaled, are `stride` behind those of token t - 1; it attends to the first `seen + t + 1` rows. The
// result goes to `out` in the same layout.
struct Tile {
  const float* queries;
  size_t query_stride;
  float* out;
  size_t out_stride;
  int seen, tokens, heads;
};

// Three passes (scores, softmax, values), each reading memory once; 64 rows at a time, so that keys and values come
// from the nearest cache for all tokens of the tile but the first. `scores` has space for tokens * heads runs of `room`
// floats.
template <int Dim>
void attend(const uint16_t* keys, const uint16_t* values, const Tile& tile, float* scores, size_t room) {
  constexpr int kTogether = Dim == 64 ? 4 : 2;  // the number of queries that registers hold
  const int end = tile.seen + tile.tokens, heads = tile.heads;
  auto each_block = [&](int row, auto&& body) {
    for (int t = std::max(0, row - tile.seen); t < tile.tokens; t++) {
      for (int h = 0; h < heads; h += kTogether) body(t, h, std::min(kTogether, heads - h));
    }
  };
  each_place(end, [&](int row) {
    each_block(row, [&](int t, int h, int count) {
      const float* query = tile.queries + t * tile.query_stride + h * Dim;
      for (int r = row; r < std::min(row + kRows, tile.seen + t + 1); r += 16) {
        const uint16_t* at = keys + size_t(r) * Dim;
        float* out = scores + size_t(t * heads + h) * room + r;
        with_count<kTogether>(count, [&](auto n) { score_sixteen<Dim, n>(at, query, out, room); });
      }
    });
  });
  for (int t = 0; t < tile.tokens; t++) {
    for (int h = 0; h < heads; h++) softmax(scores + size_t(t * heads + h) * room, tile.seen + t + 1);
    std::fill_n(tile.out + t * tile.out_stride, heads * Dim, 0.f);
  }
  each_place(end, [&](int row) {
    each_block(row, [&](int t, int h, int count) {
      const uint16_t* at = values + size_t(row) * Dim;
      const int rows = std::min(kRows, tile.seen + t + 1 - row);
      const float* weights = scores + size_t(t * heads + h) * room + row;
      float* out = tile.out + t * tile.out_stride + h * Dim;
      with_count<kTogether>(count, [&](auto n) { mix_values<Dim, n>(at, rows, weights, room, out); });
    });
  });
}
