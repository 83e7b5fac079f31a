// One forward step of a Llama-family decoder over the tokens of any number of sessions: the order of the kernels, their
// fusion, and the division of work among threads.
// No include guard: included inside a namespace, below a target pragma.

constexpr int64_t kParallelWeights = 4'000'000;  // of a matrix, from which threads share the work of one token

// What the adapters of sessions add to the products of a layer (low-rank adaptation, Hu et al., 2021). Tokens of sessions
// without an adapter cost nothing.
using Part = LowRank LayerAdapter::*;

inline const LowRank* low_rank(const Row& row, int layer, Part part) {
  const LayerAdapter* adapter = row.segment->adapter;
  return adapter && (adapter[layer].*part).rank ? &(adapter[layer].*part) : nullptr;
}

inline float dot(const float* a, const float* b, int n) {
  F sum = zero();
  for (int k = 0; k < n; k += 16) sum = fma(load(a + k), load(b + k), sum);
  return total(sum);
}

// Room for the narrowed numbers of every row.
inline void shape_narrowed(const std::vector<Row>& rows, int layer, Part part, Narrowed& out) {
  out.stride = 0;
  for (const Row& row : rows) {
    const LowRank* found = low_rank(row, layer, part);
    if (found) out.stride = std::max(out.stride, size_t(found->rank));
  }
  out.numbers.resize(out.stride * rows.size());
}

// inner * x for one row; `x` has its inputs.
inline void narrow(const Row& row, int layer, Part part, const float* x, Narrowed& out) {
  const LowRank* found = low_rank(row, layer, part);
  for (int r = 0; found && r < found->rank; r++) {
    out.numbers[row.row * out.stride + r] = dot(found->inner + size_t(r) * found->columns, x, found->columns);
  }
}

// The sums of sixteen outputs, with what the adapter of the row's session adds.
inline F widened(const Row& row, int layer, Part part, const Narrowed& narrowed, int panel, F sums) {
  const LowRank* found = low_rank(row, layer, part);
  for (int r = 0; found && r < found->rank; r++) {
    F outer = load(found->outer + size_t(r) * found->rows + panel * kPanel);
    sums = fma(all(narrowed.numbers[row.row * narrowed.stride + r]), outer, sums);
  }
  return sums;
}

class Step {
 public:
  Step(const Model& model, Scratch& scratch, ThreadPool& pool, const Segment* segments, int count)
      : m_(model), s_(scratch), pool_(pool), segments_(segments), count_(count) {
    for (int i = 0; i < count; i++) {
      for (int t = 0; t < segments[i].tokens; t++) {
        if (t % kTile == 0) tiles_.push_back(int(rows_.size()));
        rows_.push_back({&segments[i], t, int(rows_.size())});
      }
    }
    tokens_ = int(rows_.size());
    adapted_ = std::any_of(segments, segments + count, [](const Segment& s) { return s.adapter != nullptr; });
    // A single token of a small model takes less time than waking up a second thread.
    parallel_ = tokens_ >= 4 || int64_t(m_.hidden) * m_.ffn >= kParallelWeights;
  }

  // Runs layers `first` to `last` - 1. `x` (tokens, hidden) holds the embeddings, or the hidden states after the layer
  // before, and is overwritten; the hidden states after the last layer of the model are normed.
  void run(float* x, int first, int last) {
    s_.shape(m_, tokens_);
    if (adapted_) s_.products.resize(size_t(tokens_) * m_.ffn);
    for (int i = first; i < last; i++) {
      const Layer& layer = m_.layer[i];
      norm_and_quantise(x, layer.attention_norm);
      narrow_all(i, &LayerAdapter::query, s_.normed, s_.narrowed[0]);
      narrow_all(i, &LayerAdapter::key, s_.normed, s_.narrowed[1]);
      narrow_all(i, &LayerAdapter::value, s_.normed, s_.narrowed[2]);
      project_heads(layer, i);
      attend_all(i);
      each_token([&](int t) { quantise_row(&s_.mixed[size_t(t) * width()], t, 0, width() / kGroup, s_.wide); });
      narrow_all(i, &LayerAdapter::output, s_.mixed, s_.narrowed[0]);
      add_product(layer.output, s_.wide, x, i, &LayerAdapter::output);
      norm_and_quantise(x, layer.mlp_norm);
      narrow_all(i, &LayerAdapter::gate, s_.normed, s_.narrowed[0]);
      narrow_all(i, &LayerAdapter::up, s_.normed, s_.narrowed[1]);
      gate_and_up(layer, i);
      narrow_all(i, &LayerAdapter::down, s_.products, s_.narrowed[0]);
      add_product(layer.down, s_.ffn, x, i, &LayerAdapter::down);
    }
    for (int t = 0; t < tokens_ && last == m_.layers; t++) {
      float* row = x + size_t(t) * m_.hidden;
      rms_norm(row, m_.final_norm, m_.hidden, m_.norm_eps, row);
    }
  }

 private:
  int width() const { return m_.heads * m_.head_dim; }
  int all_heads() const { return m_.heads + 2 * m_.kv_heads; }

  int longest() const {
    int most = 0;
    for (int i = 0; i < count_; i++) most = std::max(most, segments_[i].length + segments_[i].tokens);
    return most;
  }

  template <class Body>
  void each_token(Body&& body) {
    pool_.run(tokens_, parallel_, body);
  }

  void norm_and_quantise(const float* x, const float* weight) {
    each_token([&](int t) {
      float* normed = &s_.normed[size_t(t) * m_.hidden];
      rms_norm(x + size_t(t) * m_.hidden, weight, m_.hidden, m_.norm_eps, normed);
      quantise_row(normed, t, 0, m_.hidden / kGroup, s_.hidden);
    });
  }

  // The first half of what adapters add to a product with `inputs`, which have a row for each token.
  void narrow_all(int layer, Part part, const std::vector<float>& inputs, Narrowed& out) {
    if (!adapted_) return;
    shape_narrowed(rows_, layer, part, out);
    const size_t columns = inputs.size() / tokens_;
    each_token([&](int t) { narrow(rows_[t], layer, part, &inputs[t * columns], out); });
  }

  // The second half.
  F with_adapter(int t, int layer, Part part, const Narrowed& narrowed, int panel, F sums) const {
    return adapted_ ? widened(rows_[t], layer, part, narrowed, panel, sums) : sums;
  }

  // Queries, keys and values of one layer; a unit of work is one head, rotated and stored while it is in the cache.
  void project_heads(const Layer& layer, int number) {
    const int dim = m_.head_dim, panels = dim / kPanel;
    pool_.run(all_heads(), parallel_, [&](int head) {
      const int key = head - m_.heads, value = key - m_.kv_heads;  // number of the key or value head, if it is one
      const Matrix& matrix = value >= 0 ? layer.value : key >= 0 ? layer.key : layer.query;
      const Part part = value >= 0 ? &LayerAdapter::value : key >= 0 ? &LayerAdapter::key : &LayerAdapter::query;
      const Narrowed& narrowed = s_.narrowed[value >= 0 ? 2 : key >= 0 ? 1 : 0];
      const int first = (value >= 0 ? value : key >= 0 ? key : head) * panels;
      float* out = &s_.heads[head * dim];
      const size_t stride = size_t(all_heads()) * dim;
      multiply_rows(matrix, first, panels, s_.hidden, tokens_, [&](int p, int t, F sums) {
        F bias = layer.bias ? load(layer.bias + head * dim + p * kPanel) : zero();
        sums = with_adapter(t, number, part, narrowed, first + p, sums);
        store(out + t * stride + p * kPanel, add(sums, bias));
      });
      for (int t = 0; t < tokens_; t++) finish_head(layer, number, head, rows_[t], out + t * stride);
    });
  }

  void finish_head(const Layer& layer, int number, int head, const Row& row, float* x) {
    const int dim = m_.head_dim;
    const Segment& segment = *row.segment;
    const size_t angle = size_t(row.token) * (dim / 2);
    const bool query = head < m_.heads, value = head >= m_.heads + m_.kv_heads;
    if (!value) {
      const float* norm = query ? layer.query_norm : layer.key_norm;
      if (norm) rms_norm(x, norm, dim, m_.norm_eps, x);
      rotate(x, segment.cosine + angle, segment.sine + angle, dim, query ? 1.f / std::sqrt(float(dim)) : 1.f);
    }
    if (query) return;
    uint16_t* out = cached(segment, number, value, (head - m_.heads) % m_.kv_heads);
    out += size_t(segment.length + row.token) * dim;
    for (int k = 0; k < dim; k += 16) store_half(out + k, load(x + k));
  }

  uint16_t* cached(const Segment& segment, int layer, bool value, int kv_head) const {
    size_t index = (size_t(layer) * 2 + value) * m_.kv_heads + kv_head;
    return segment.cache + index * segment.capacity * m_.head_dim;
  }

  // Attention; a unit of work is one key head for a tile of one session's tokens.
  void attend_all(int layer) {
    const int dim = m_.head_dim, shared = m_.heads / m_.kv_heads;
    const size_t room = (longest() + 63) / 64 * 64;
    const auto attend_as = dim == 64 ? attend<64> : attend<128>;
    pool_.run(int(tiles_.size()) * m_.kv_heads, parallel_, [&](int unit) {
      const Row& first = rows_[tiles_[unit / m_.kv_heads]];
      const Segment& segment = *first.segment;
      const int kv_head = unit % m_.kv_heads;
      Tile tile;
      tile.tokens = std::min(kTile, segment.tokens - first.token);
      tile.seen = segment.length + first.token;
      tile.heads = shared;
      tile.query_stride = size_t(all_heads()) * dim;
      tile.queries = &s_.heads[first.row * tile.query_stride + kv_head * shared * dim];
      tile.out_stride = width();
      tile.out = &s_.mixed[first.row * tile.out_stride + kv_head * shared * dim];
      float* scores = scratch_floats(size_t(tile.tokens) * shared * room);
      attend_as(cached(segment, layer, false, kv_head), cached(segment, layer, true, kv_head), tile, scores, room);
    });
  }

  // x += matrix * activations, with what adapters add by the first narrowed numbers
  void add_product(const Matrix& matrix, const Activations& activations, float* x, int layer, Part part) {
    const int panels = m_.hidden / kPanel;
    pool_.run((panels + kPanels - 1) / kPanels, parallel_, [&](int unit) {
      const int first = unit * kPanels;
      multiply_rows(matrix, first, std::min(kPanels, panels - first), activations, tokens_, [&](int p, int t, F sums) {
        float* out = x + size_t(t) * m_.hidden + (first + p) * kPanel;
        store(out, add(load(out), with_adapter(t, layer, part, s_.narrowed[0], first + p, sums)));
      });
    });
  }

  // silu(gate) * up, quantised immediately; a unit of work is two groups of 32 outputs.
  void gate_and_up(const Layer& layer, int number) {
    const int panels = m_.ffn / kPanel;
    pool_.run((panels + kPanels - 1) / kPanels, parallel_, [&](int unit) {
      const int first = unit * kPanels, count = std::min(kPanels, panels - first), stride = kPanels * kPanel;
      float* out = scratch_floats(size_t(tokens_) * stride);
      auto place = [&](int panel, int t) { return out + t * stride + panel * kPanel; };
      multiply_rows(layer.gate, first, count, s_.hidden, tokens_, [&](int p, int t, F sums) {
        sums = with_adapter(t, number, &LayerAdapter::gate, s_.narrowed[0], first + p, sums);
        store(place(p, t), silu(sums));
      });
      multiply_rows(layer.up, first, count, s_.hidden, tokens_, [&](int p, int t, F sums) {
        sums = with_adapter(t, number, &LayerAdapter::up, s_.narrowed[1], first + p, sums);
        store(place(p, t), multiply(load(place(p, t)), sums));
      });
      for (int t = 0; adapted_ && t < tokens_; t++) {
        std::copy_n(place(0, t), count * kPanel, &s_.products[size_t(t) * m_.ffn + first * kPanel]);
      }
      for (int t = 0; t < tokens_; t++) quantise_row(place(0, t), t, first / 2, count / 2, s_.ffn);
    });
  }

  const Model& m_;
  Scratch& s_;
  ThreadPool& pool_;
  const Segment* segments_;
  int count_, tokens_;
  bool parallel_, adapted_;
  std::vector<Row> rows_;
  std::vector<int> tiles_;  // row at which each tile of attention starts
};

// Moves `rows.tokens` rows of a session from row `rows.length` to row `target`, in every head of every layer: keys are
// rotated by one angle (cosine and sine have head_dim / 2 numbers each), values are copied. The ranges may overlap.
inline void move_rows(const Model& m, ThreadPool& pool, const Segment& rows, int target) {
  const size_t dim = m.head_dim;
  const int first = rows.length, count = rows.tokens;
  pool.run(m.layers * 2 * m.kv_heads, true, [&](int unit) {
    uint16_t* head = rows.cache + size_t(unit) * rows.capacity * dim;
    if (unit / m.kv_heads % 2) {
      std::memmove(head + target * dim, head + first * dim, count * dim * sizeof(uint16_t));
      return;
    }
    float* key = scratch_floats(dim);
    for (int i = 0; i < count; i++) {
      const int row = target < first ? i : count - 1 - i;  // so that no row is overwritten before it is read
      const uint16_t* from = head + (first + row) * dim;
      uint16_t* to = head + (target + row) * dim;
      for (size_t k = 0; k < dim; k += 16) store(key + k, load_half(from + k));
      rotate(key, rows.cosine, rows.sine, m.head_dim, 1.f);
      for (size_t k = 0; k < dim; k += 16) store_half(to + k, load(key + k));
    }
  });
}

// out (tokens, head rows) = head * x
inline void project_vocabulary(const Model& m, Scratch& s, ThreadPool& pool, const float* x, int tokens, float* out) {
  s.hidden.shape(tokens, m.hidden);
  for (int t = 0; t < tokens; t++) quantise_row(x + size_t(t) * m.hidden, t, 0, m.hidden / kGroup, s.hidden);
  const int panels = m.head.rows / kPanel;
  const bool parallel = tokens >= 4 || int64_t(m.hidden) * m.ffn >= kParallelWeights;
  pool.run((panels + kPanels - 1) / kPanels, parallel, [&](int unit) {
    const int first = unit * kPanels;
    multiply_rows(m.head, first, std::min(kPanels, panels - first), s.hidden, tokens,
                  [&](int p, int t, F sums) { store(out + size_t(t) * m.head.rows + (first + p) * kPanel, sums); });
  });
}
