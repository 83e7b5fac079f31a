// Sixteen floats in one AVX-512 register, and products of 4- and 8-bit codes with 16-bit activations by VNNI.
// vector_avx2.h has the same names; kernels.h is written against them and compiled once with each.
// No include guard: included inside a namespace, below a target pragma.

using F = __m512;

inline F zero() { return _mm512_setzero_ps(); }
inline F all(float x) { return _mm512_set1_ps(x); }
inline F load(const float* p) { return _mm512_loadu_ps(p); }
inline void store(float* p, F x) { _mm512_storeu_ps(p, x); }
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
inline void quantise(const float* x, uint8_t* codes, float* scale, float* sum) {
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
  *scale = most / 32512.f;
  // Added as floats, which hold these sums exactly: what is no number becomes the least integer, whose sum overflows.
  *sum = *scale * _mm512_reduce_add_ps(_mm512_cvtepi32_ps(_mm512_add_epi32(u, v)));
}

// Sums of code * activation over one group for 16 rows, for each of `Tokens` tokens whose codes are `stride` apart.
template <int Bits, int Tokens>
inline void dot_group(const uint8_t* group, const uint8_t* x, size_t stride, F (&dots)[Tokens]) {
  __m512i w[8];
#pragma GCC unroll 8
  for (int c = 0; c < 8; c++) {
    __m512i bytes = _mm512_loadu_si512(group + 64 * (Bits == 4 ? c % 4 : c));
    if (Bits == 4 && c >= 4) bytes = _mm512_srli_epi16(bytes, 4);
    w[c] = Bits == 4 ? _mm512_and_si512(bytes, _mm512_set1_epi8(15)) : bytes;
  }
#pragma GCC unroll 8
  for (int t = 0; t < Tokens; t++) {
    const int32_t* four = (const int32_t*)(x + t * stride);  // four activations a word: 8 words high, 8 words low
    __m512i high[2] = {}, low[2] = {};                       // two chains each hide the latency
#pragma GCC unroll 8
    for (int c = 0; c < 8; c++) {
      high[c % 2] = _mm512_dpbusd_epi32(high[c % 2], w[c], _mm512_set1_epi32(four[c]));
      low[c % 2] = _mm512_dpbusd_epi32(low[c % 2], w[c], _mm512_set1_epi32(four[c + 8]));
    }
    __m512i sum =
        _mm512_add_epi32(_mm512_slli_epi32(_mm512_add_epi32(high[0], high[1]), 8), _mm512_add_epi32(low[0], low[1]));
    dots[t] = _mm512_cvtepi32_ps(sum);
  }
}
