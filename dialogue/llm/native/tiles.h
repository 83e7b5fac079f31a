// Products by the matrix unit (Intel AMX). A tile instruction multiplies eight tokens, whose high and low bytes are
// sixteen rows, with a group of sixteen weight rows: as many products as 128 VNNI instructions. The layout of panels and
// activations is that of the other kernels. Written as assembly, since intrinsics of older compilers let stores and
// tile loads change places.
// No include guard: included inside a namespace, below a target pragma.

// The registers: results 0 and 1, activations 2 and 3, codes 4.
struct TileShapes {
  uint8_t palette = 1, start = 0, unused[14] = {};
  uint16_t row_bytes[16] = {64, 64, kGroup, kGroup, 64};
  uint8_t rows[16] = {2 * kTogether, 2 * kTogether, 2 * kTogether, 2 * kTogether, 8};
};

inline void load_shapes(const TileShapes& shapes) { asm volatile("ldtilecfg %0" ::"m"(shapes) : "memory"); }
inline void release_tiles() { asm volatile("tilerelease" ::: "memory"); }
template <int Tile>
inline void load_tile(const void* from, long stride) {
  asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(stride), "i"(Tile) : "memory");
}
template <int Tile>
inline void store_tile(void* to, long stride) {
  asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(stride), "i"(Tile) : "memory");
}
// Tile To = signed bytes of tile A * unsigned bytes of tile B.
template <int To, int A, int B>
inline void multiply_tile() {
  asm volatile("tilezero %%tmm%c0\n\ttdpbsud %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(To), "i"(A), "i"(B));
}

constexpr int kBehind = 2;

template <int Kind, int Blocks>
[[gnu::noinline]] void multiply_tiles(const uint8_t* panel, size_t size, const Activations& x, int first, F* sums) {
  alignas(64) uint8_t codes[512];
  alignas(64) int32_t dots[2 * kBehind][Blocks][2 * kTogether][16];
  F total[Blocks * kTogether];
  std::fill_n(total, Blocks * kTogether, zero());
  // The sums of a group are read kBehind groups later, when they have reached the cache.
  auto add_group = [&](int g) {
    F scale[1], minimum[1];
    const uint8_t* block = panel + scales_at(Kind, g / block_groups(Kind) * block_groups(Kind)) - block_bytes(Kind);
    read_scales<Kind>(panel + scales_at(Kind, g), block, scale, minimum);
#pragma GCC unroll 2
    for (int b = 0; b < Blocks; b++) {
      const GroupNumbers* numbers = &x.numbers[size_t(first + b * kTogether) * x.groups + g * kTogether];
#pragma GCC unroll 8
      for (int t = 0; t < kTogether; t++) {
        F& sum = total[b * kTogether + t];
        const int32_t(*rows)[16] = dots[g % (2 * kBehind)][b];
        __m512i high = _mm512_load_si512(rows[2 * t]), low = _mm512_load_si512(rows[2 * t + 1]);
        sum = fma(minimum[0], all(numbers[t].sum), sum);
        F dot = _mm512_cvtepi32_ps(_mm512_add_epi32(_mm512_slli_epi32(high, 8), low));
        sum = fma(multiply(scale[0], all(numbers[t].scale)), dot, sum);
      }
    }
  };
  static constexpr TileShapes kShapes;
  load_shapes(kShapes);
  const uint8_t* group = panel + codes_at(Kind, x.groups);
  const size_t block = size_t(kTogether) * x.groups * 64;  // from the activations of a block of tokens to the next
  const uint8_t* activations = &x.codes[size_t(first) * x.groups * 64];
  for (int g = 0; g < x.groups; g++, group += code_bytes(Kind), activations += kTogether * 64) {
    for (int line = 0; line < code_bytes(Kind); line += 64) _mm_prefetch((const char*)group + size + line, _MM_HINT_T0);
    for (int c = 0; c < 8; c++) _mm512_store_si512(codes + 64 * c, unpack<Kind>(group, c));
    auto& out = dots[g % (2 * kBehind)];
    load_tile<4>(codes, 64);
    load_tile<2>(activations, kGroup);
    multiply_tile<0, 2, 4>();
    if constexpr (Blocks > 1) {
      load_tile<3>(activations + block, kGroup);
      multiply_tile<1, 3, 4>();
    }
    store_tile<0>(out[0], 64);
    if constexpr (Blocks > 1) store_tile<1>(out[1], 64);
    if (g >= kBehind) add_group(g - kBehind);
  }
  for (int g = std::max(0, x.groups - kBehind); g < x.groups; g++) add_group(g);
  release_tiles();
  std::copy_n(total, Blocks * kTogether, sums);
}
