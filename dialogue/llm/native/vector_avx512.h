// Sixteen floats in one AVX-512 register, and products of codes of 4 to 8 bits with 16-bit activations by VNNI.
// vector_avx2.h has the same names; kernels.h is written against them and compiled once with each.
// No include guard: included inside a namespace, below a target pragma.

using F = __m512;

inline F zero() { return _mm512_setzero_ps(); }
inline F all(float x) { return _mm512_set1_ps(x); }
inline F load(const float* p) { return _mm512_loadu_ps(p); }
inline void store(float* p, F x) { _mm512_storeu_ps(p, x); }
inline F load_bytes(const uint8_t* p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i*)p)));
}
inline F load_signed_bytes(const uint8_t* p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i*)p)));
}
inline F load_half(const void* p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i*)p)); }
inline void store_half(void* p, F x) { _mm256_storeu_si256((__m256i*)p, _mm512_cvtps_ph(x, 0)); }
inline F add(F a, F b) { return _mm512_add_ps(a, b); }
inline F subtract(F a, F b) { return _mm512_sub_ps(a, b); }
inline F multiply(F a, F b) { return _mm512_mul_ps(a, b); }
inline F divide(F a, F b) { return _mm512_div_ps(a, b); }
inline F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
inline F larger(F a, F b) { return _mm512_max_ps(a, b); }
inline float total(F x) { return _mm512_reduce_add_ps(x); }
inline float largest(F x) { return _mm512_reduce_max_ps(x); }
inline F nearest(F x) { return _mm512_roundscale_ps(x, 0); }
inline F times_power_of_two(F x, F exponent) { return _mm512_scalef_ps(x, exponent); }

// The first `lanes` lanes of x, `other` in the rest.
inline F keep(F x, int lanes, F other) { return _mm512_mask_mov_ps(other, (1u << lanes) - 1, x); }

// Lane i of the result is the sum of the lanes of v[i]: a transposing tree of 15 additions.
inline F totals(F* v) {
  for (int i = 0; i < 8; i++) {
    v[i] = add(_mm512_shuffle_f32x4(v[i], v[i + 8], 0x44), _mm512_shuffle_f32x4(v[i], v[i + 8], 0xee));
  }
  for (int i = 0; i < 4; i++) {
    v[i] = add(_mm512_shuffle_f32x4(v[i], v[i + 4], 0x88), _mm512_shuffle_f32x4(v[i], v[i + 4], 0xdd));
  }
  for (int i = 0; i < 2; i++) {
    v[i] = add(_mm512_shuffle_ps(v[i], v[i + 2], 0x44), _mm512_shuffle_ps(v[i], v[i + 2], 0xee));
  }
  F sums = add(_mm512_shuffle_ps(v[0], v[1], 0x88), _mm512_shuffle_ps(v[0], v[1], 0xdd));
  return _mm512_permutexvar_ps(_mm512_setr_epi32(0, 2, 1, 3, 8, 10, 9, 11, 4, 6, 5, 7, 12, 14, 13, 15), sums);
}

// 32 activations as integers of at most 127 * 256, split into their high bytes (rounded, first 32 bytes of `codes`) and
// low bytes (next 32), because VNNI multiplies bytes.
inline void quantise(const float* x, uint8_t* codes, GroupNumbers& numbers) {
  F a = load(x), b = load(x + 16);
  float most = largest(larger(_mm512_abs_ps(a), _mm512_abs_ps(b)));
  F inverse = all(most > 0 ? 32512.f / most : 0.f);
  __m512i u = _mm512_cvtps_epi32(multiply(a, inverse)), v = _mm512_cvtps_epi32(multiply(b, inverse));
  __m512i half = _mm512_set1_epi32(128);
  __m512i high_u = _mm512_srai_epi32(_mm512_add_epi32(u, half), 8);
  __m512i high_v = _mm512_srai_epi32(_mm512_add_epi32(v, half), 8);
  auto put = [&](int at, __m512i bytes) { _mm_storeu_si128((__m128i*)(codes + at), _mm512_cvtepi32_epi8(bytes)); };
  put(0, high_u);
  put(16, high_v);
  put(32, _mm512_sub_epi32(u, _mm512_slli_epi32(high_u, 8)));
  put(48, _mm512_sub_epi32(v, _mm512_slli_epi32(high_v, 8)));
  // Added as floats, which hold these sums exactly: NaN becomes the smallest integer, and integer sums would overflow.
  float scale = most / 32512.f, first = scale * _mm512_reduce_add_ps(_mm512_cvtepi32_ps(u));
  float second = scale * _mm512_reduce_add_ps(_mm512_cvtepi32_ps(v));
  numbers = {scale, first + second, {first, second}};
}

// Chunk c of a group: 64 codes. Shifts move 16 bits at once; the masks drop the bits of the other byte.
template <int Kind>
inline __m512i unpack(const uint8_t* group, int c) {
  constexpr int kOr = 0xf8;  // a | (b & c)
  auto line = [&](int number) { return _mm512_loadu_si512(group + 64 * number); };
  auto shift = [](__m512i x, int left) { return left > 0 ? _mm512_slli_epi16(x, left) : _mm512_srli_epi16(x, -left); };
  if (Kind == kQ8_0) return line(c);
  __m512i codes = _mm512_and_si512(c < 4 ? line(c) : shift(line(c - 4), -4), _mm512_set1_epi8(15));
  if (Kind == kQ5_0) codes = _mm512_ternarylogic_epi32(codes, shift(line(4), 4 - c), _mm512_set1_epi8(16), kOr);
  if (Kind == kQ6_K) {
    codes = _mm512_ternarylogic_epi32(codes, shift(line(4 + c / 4), 4 - 2 * (c % 4)), _mm512_set1_epi8(48), kOr);
  }
  return codes;
}

// Sums of code * activation over one group of each panel, for 16 rows, in `Parts` parts of the columns, for each of
// `Tokens` tokens with consecutive codes: put(panel, part, token, sums).
// An activation is loaded once for all panels, because a core can load only about as many registers as it multiplies.
template <int Kind, int Parts, int Panels, int Tokens, class Put>
inline void dot_groups(const uint8_t* const (&group)[Panels], const uint8_t* x, Put&& put) {
  constexpr int kChunks = 8 / Parts;
  // Four activations a word: 8 words high, 8 words low.
  auto word = [&](int t, int number) { return _mm512_set1_epi32(((const int32_t*)(x + t * 64))[number]); };
  auto whole = [](__m512i high, __m512i low) {
    return _mm512_cvtepi32_ps(_mm512_add_epi32(_mm512_slli_epi32(high, 8), low));
  };
  if constexpr (Tokens <= kFewTokens) {  // codes are used immediately, all sums are kept
#pragma GCC unroll 2
    for (int part = 0; part < Parts; part++) {
      __m512i high[Panels][Tokens] = {}, low[Panels][Tokens] = {};
#pragma GCC unroll 8
      for (int i = 0; i < kChunks; i++) {
        const int c = Parts == 1 ? i % 2 * 4 + i / 2 : part * kChunks + i;  // both halves of a byte in turn
        __m512i codes[Panels];
        for (int p = 0; p < Panels; p++) codes[p] = unpack<Kind>(group[p], c);
        for (int t = 0; t < Tokens; t++) {
          __m512i first = word(t, c), second = word(t, c + 8);
          for (int p = 0; p < Panels; p++) {
            high[p][t] = _mm512_dpbusd_epi32(high[p][t], codes[p], first);
            low[p][t] = _mm512_dpbusd_epi32(low[p][t], codes[p], second);
          }
        }
      }
      for (int p = 0; p < Panels; p++) {
        for (int t = 0; t < Tokens; t++) put(p, part, t, whole(high[p][t], low[p][t]));
      }
    }
  } else {  // all codes are kept, sums are made token by token
    __m512i codes[Panels][8];
#pragma GCC unroll 8
    for (int c = 0; c < 8; c++) {
      for (int p = 0; p < Panels; p++) codes[p][c] = unpack<Kind>(group[p], c);
    }
#pragma GCC unroll 8
    for (int t = 0; t < Tokens; t++) {
#pragma GCC unroll 2
      for (int part = 0; part < Parts; part++) {
        __m512i high[Panels] = {}, low[Panels] = {};
#pragma GCC unroll 8
        for (int c = part * kChunks; c < (part + 1) * kChunks; c++) {
          __m512i first = word(t, c), second = word(t, c + 8);
          for (int p = 0; p < Panels; p++) {
            high[p] = _mm512_dpbusd_epi32(high[p], codes[p][c], first);
            low[p] = _mm512_dpbusd_epi32(low[p], codes[p][c], second);
          }
        }
        for (int p = 0; p < Panels; p++) put(p, part, t, whole(high[p], low[p]));
      }
    }
  }
}
