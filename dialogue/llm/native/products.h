// Products of a matrix with activations, and rows of a matrix as floats, on sixteen lanes. Written once and compiled for
// each instruction set.
// No include guard: included inside a namespace, below a target pragma.

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

// As multiply_panels, by the matrix unit, for one panel and `Blocks` whole blocks of kTogether tokens: tiles.h.
template <int Kind, int Blocks>
void multiply_tiles(const uint8_t* panel, size_t size, const Activations& x, int first, F* sums);

using Multiply = void (*)(const uint8_t* panel, size_t size, const Activations& x, int first, F* sums);

// The kernels of one kind by the number of tokens, for several panels in parallel and for the last, single ones; and
// that of the matrix unit, for kTileBlocks whole blocks of kTogether tokens.
struct Kernels {
  Multiply together[kTogether + 1], alone[kTogether + 1], tiled;
};

constexpr int panels_together(int tokens) { return tokens <= kFewTokens ? 4 : 2; }

template <int Kind>
const Kernels* kernels_of() {
  static const Kernels all = []<int... N>(std::integer_sequence<int, N...>) {
    Kernels all = {{nullptr, multiply_panels<Kind, N + 1, panels_together(N + 1)>...},
                   {nullptr, multiply_panels<Kind, N + 1, 1>...},
                   nullptr};
    // Two scales a group would take two passes, which are slower than the other kernels.
    if constexpr (kTiles && Kind != kQ6_K) all.tiled = multiply_tiles<Kind, kTileBlocks>;
    return all;
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
  F sums[kTiled];
  const bool tiles = kTiles && x.tiles && m.kind != kQ6_K;
  const int tiled = tiles ? tokens / kTiled * kTiled : 0;  // tokens in whole runs of kTiled
  for (int panel = 0; panel < count && tiled; panel++) {
    for (int token = 0; token < tiled;) {
      kernels.tiled(m.panels + (first + panel) * size, size, x, token, sums);
      for (int t = 0; t < kTiled; t++) put(panel, token++, sums[t]);
    }
  }
  for (int panel = 0; panel < count && tiled < tokens;) {
    const int most = panels_together(tokens - tiled), panels = panel + most <= count ? most : 1;
    for (int token = tiled; token < tokens;) {
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
