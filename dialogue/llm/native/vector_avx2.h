// Sixteen floats in two AVX2 registers, and products of codes of 4 to 8 bits with 16-bit activations.
// vector_avx512.h has the same names; kernels.h is written against them and compiled once with each.
// No include guard: included inside a namespace, below a target pragma.

struct F {
  __m256 a, b;
};

inline F zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
inline F all(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
inline F load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
inline void store(float* p, F x) { _mm256_storeu_ps(p, x.a), _mm256_storeu_ps(p + 8, x.b); }
inline F load_bytes(const uint8_t* p) {
  __m128i bytes = _mm_loadu_si128((const __m128i*)p);
  return {_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes)),
          _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8)))};
}
inline F load_signed_bytes(const uint8_t* p) {
  __m128i bytes = _mm_loadu_si128((const __m128i*)p);
  return {_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)),
          _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(bytes, 8)))};
}
inline F load_half(const void* p) {
  auto halves = (const __m128i*)p;
  return {_mm256_cvtph_ps(_mm_loadu_si128(halves)), _mm256_cvtph_ps(_mm_loadu_si128(halves + 1))};
}
inline void store_half(void* p, F x) {
  _mm_storeu_si128((__m128i*)p, _mm256_cvtps_ph(x.a, 0));
  _mm_storeu_si128((__m128i*)p + 1, _mm256_cvtps_ph(x.b, 0));
}
inline F add(F x, F y) { return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)}; }
inline F subtract(F x, F y) { return {_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)}; }
inline F multiply(F x, F y) { return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)}; }
inline F divide(F x, F y) { return {_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)}; }
inline F fma(F x, F y, F z) { return {_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)}; }
inline F larger(F x, F y) { return {_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)}; }
inline float total(F x) {
  __m256 s = _mm256_add_ps(x.a, x.b);
  __m128 q = _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
  q = _mm_add_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_add_ss(q, _mm_movehdup_ps(q)));
}
inline float largest(F x) {
  __m256 s = _mm256_max_ps(x.a, x.b);
  __m128 q = _mm_max_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
  q = _mm_max_ps(q, _mm_movehl_ps(q, q));
  return _mm_cvtss_f32(_mm_max_ss(q, _mm_movehdup_ps(q)));
}
inline F nearest(F x) { return {_mm256_round_ps(x.a, 0), _mm256_round_ps(x.b, 0)}; }
inline F times_power_of_two(F x, F exponent) {
  auto power = [](__m256 e) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(e), _mm256_set1_epi32(127)), 23));
  };
  return multiply(x, {power(exponent.a), power(exponent.b)});
}

// The first `lanes` lanes of x, `other` in the rest.
inline F keep(F x, int lanes, F other) {
  __m256i number = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  auto first = [&](int n) { return _mm256_castsi256_ps(_mm256_cmpgt_epi32(_mm256_set1_epi32(n), number)); };
  return {_mm256_blendv_ps(other.a, x.a, first(lanes)), _mm256_blendv_ps(other.b, x.b, first(lanes - 8))};
}

// Lane i of the result is the sum of the lanes of v[i].
inline F totals(F* v) {
  __m256 half[2];
  for (int k = 0; k < 2; k++) {
    __m256 s[8];
    for (int i = 0; i < 8; i++) s[i] = _mm256_add_ps(v[8 * k + i].a, v[8 * k + i].b);
    __m256 low = _mm256_hadd_ps(_mm256_hadd_ps(s[0], s[1]), _mm256_hadd_ps(s[2], s[3]));
    __m256 high = _mm256_hadd_ps(_mm256_hadd_ps(s[4], s[5]), _mm256_hadd_ps(s[6], s[7]));
    half[k] = _mm256_add_ps(_mm256_permute2f128_ps(low, high, 0x20), _mm256_permute2f128_ps(low, high, 0x31));
  }
  return {half[0], half[1]};
}

// 32 activations as 16-bit integers of at most 127 * 256. The even ones of each four come first, because `dot_group`
// multiplies the even and the odd bytes of a word of codes in turn.
inline void quantise(const float* x, uint8_t* codes, GroupNumbers& numbers) {
  __m256 sign = _mm256_set1_ps(-0.f), most8 = _mm256_setzero_ps();
  for (int k = 0; k < 32; k += 8) most8 = _mm256_max_ps(most8, _mm256_andnot_ps(sign, _mm256_loadu_ps(x + k)));
  float most = largest({most8, most8});
  __m256 inverse = _mm256_set1_ps(most > 0 ? 32512.f / most : 0.f);
  __m256i sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
  for (int k = 0; k < 32; k += 8) {
    __m256i u = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + k), inverse));
    sums[k / 16] = _mm256_add_epi32(sums[k / 16], u);
    __m256i ordered = _mm256_shuffle_epi32(u, 0xd8);  // 0 2 1 3
    __m128i packed = _mm_packs_epi32(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1));
    _mm_storeu_si128((__m128i*)(codes + 2 * k), packed);
  }
  float scale = most / 32512.f;
  float first = scale * total({_mm256_cvtepi32_ps(sums[0]), _mm256_setzero_ps()});
  float second = scale * total({_mm256_cvtepi32_ps(sums[1]), _mm256_setzero_ps()});
  numbers = {scale, first + second, {first, second}};
}

// Chunk c of a group for rows 0-7 or 8-15: 32 codes. Shifts move 16 bits at once; the masks drop the bits of the other
// byte.
template <int Kind>
inline __m256i unpack(const uint8_t* group, int c, int half) {
  auto line = [&](int number) { return _mm256_loadu_si256((const __m256i*)(group + 64 * number + 32 * half)); };
  auto shift = [](__m256i x, int left) { return left > 0 ? _mm256_slli_epi16(x, left) : _mm256_srli_epi16(x, -left); };
  if (Kind == kQ8_0) return line(c);
  __m256i codes = _mm256_and_si256(shift(line(c % 4), c < 4 ? 0 : -4), _mm256_set1_epi8(15));
  if (Kind == kQ5_0) {
    codes = _mm256_or_si256(codes, _mm256_and_si256(shift(line(4), 4 - c), _mm256_set1_epi8(16)));
  }
  if (Kind == kQ6_K) {
    codes = _mm256_or_si256(codes, _mm256_and_si256(shift(line(4 + c / 4), 4 - 2 * (c % 4)), _mm256_set1_epi8(48)));
  }
  return codes;
}

// Sums of code * activation over one group for 16 rows, in `Parts` parts of the columns, for each of `Tokens` tokens
// with consecutive codes.
template <int Kind, int Tokens, int Parts>
inline void dot_group(const uint8_t* group, const uint8_t* x, F (&dots)[Parts][Tokens]) {
  const __m256i mask = _mm256_set1_epi16(255);
#pragma GCC unroll 2
  for (int half = 0; half < 2; half++) {  // rows 0-7, rows 8-15
    for (int part = 0; part < Parts; part++) {
      __m256i sum[Tokens];
      for (int t = 0; t < Tokens; t++) sum[t] = _mm256_setzero_si256();
#pragma GCC unroll 8
      for (int c = part * 8 / Parts; c < (part + 1) * 8 / Parts; c++) {
        __m256i codes = unpack<Kind>(group, c, half);
        __m256i even = _mm256_and_si256(codes, mask), odd = _mm256_srli_epi16(codes, 8);
#pragma GCC unroll 8
        for (int t = 0; t < Tokens; t++) {
          const int32_t* pair = (const int32_t*)(x + t * 64 + 8 * c);
          sum[t] = _mm256_add_epi32(sum[t], _mm256_madd_epi16(even, _mm256_set1_epi32(pair[0])));
          sum[t] = _mm256_add_epi32(sum[t], _mm256_madd_epi16(odd, _mm256_set1_epi32(pair[1])));
        }
      }
      for (int t = 0; t < Tokens; t++) (half ? dots[part][t].b : dots[part][t].a) = _mm256_cvtepi32_ps(sum[t]);
    }
  }
}

template <int Kind, int Parts, int Panels, int Tokens, class Put>
inline void dot_groups(const uint8_t* const (&group)[Panels], const uint8_t* x, Put&& put) {
  for (int p = 0; p < Panels; p++) {
    F dots[Parts][Tokens];
    dot_group<Kind, Tokens, Parts>(group[p], x, dots);
    for (int part = 0; part < Parts; part++) {
      for (int t = 0; t < Tokens; t++) put(p, part, t, dots[part][t]);
    }
  }
}
