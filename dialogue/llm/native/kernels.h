// The arithmetic of a decoder step on sixteen lanes, beside its products (products.h): norms, quantisation, rotation,
// attention. Written once and compiled for each instruction set; independent of layers and sessions.
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
