// plan_host: cuts every row tile's steps into items of about equal length, so that the grid fills
// the device in whole waves. A pure function; see docs/kernels.md, "Scheduling".
#include <algorithm>
#include <new>
#include <numeric>

#include "kernels/attention.hpp"
#include "kernels/plan_internal.hpp"
#include "kernels/resources.hpp"

namespace fieldsim::kernels {
namespace {

// Steps one tile streams, before they are cut.
struct TileWork {
  int kv_steps = 0;
  int anchor_steps = 0;  // 0 for a cascade: the packed items carry them
};

int ceil_div64(std::int64_t a, std::int64_t b) { return static_cast<int>((a + b - 1) / b); }

class Planner {
 public:
  Planner(const Problem& problem, const DeviceInfo& device, const Lengths& lengths,
          const PlanOptions& options)
      : problem_(problem),
        lengths_(lengths),
        options_(options),
        group_(problem.q_heads / problem.kv_heads),
        cascade_(problem.cascade && problem.max_anchors > 0),
        separate_(problem.mode == Mode::gamma_mix),
        concurrent_(std::max(1, fused_ctas_per_sm(device, problem.head_dim, problem.dtype)) *
                    device.sm_count) {
    plan_.tiling = fused_tiling(problem.head_dim, device.smem_per_sm);
    plan_.batch = problem.batch;
  }

  Error make(const DeviceInfo& device, Plan* out) {
    add_tiles();
    choose_chunk();
    for (std::size_t t = 0; t < plan_.tiles.size(); ++t) cut_tile(static_cast<int>(t));
    if (cascade_) add_cascade();
    place_partials();
    order_items();
    if (plan_.tiles.empty()) add_padding(1, 1);
    if (options_.fixed_grid) {
      const Capacity most = capacity(problem_, device);
      if (static_cast<std::int64_t>(plan_.items.size()) > most.items ||
          plan_.partial_slots > most.slots)
        return {Status::unsupported, "splits", "a fixed grid needs the automatic split count"};
      add_padding(most.items, most.tiles);
      plan_.partial_slots = static_cast<std::int32_t>(most.slots);
    }
    *out = std::move(plan_);
    return {};
  }

 private:
  int q_len(int request) const { return lengths_.q == nullptr ? 1 : lengths_.q[request]; }
  int anchor_count(int request) const {
    return lengths_.anchors == nullptr ? problem_.max_anchors : lengths_.anchors[request];
  }
  int causal_base(int request) const {
    const int len = lengths_.kv[request];
    return problem_.causal ? len - q_len(request) + 1 : len;
  }

  // Tiles in (kv_head, request, row) order: a cascade item's packed rows are then neighbours.
  void add_tiles() {
    first_token_.resize(static_cast<std::size_t>(problem_.batch));
    for (int b = 0; b < problem_.batch; ++b) {
      first_token_[static_cast<std::size_t>(b)] = plan_.query_tokens;
      plan_.query_tokens += q_len(b);
      plan_.max_kv_len = std::max(plan_.max_kv_len, lengths_.kv[b]);
    }
    for (int h = 0; h < problem_.kv_heads; ++h)
      for (int b = 0; b < problem_.batch; ++b)
        for (int row = 0; row < q_len(b) * group_; row += kRowsPerTile) add_tile(h, b, row);
  }

  void add_tile(int kv_head, int request, int first_row) {
    const int rows = std::min(kRowsPerTile, q_len(request) * group_ - first_row);
    // The last row sees furthest; steps beyond its limit would be masked for the whole tile.
    const int last_token = (first_row + rows - 1) / group_;
    const int seen =
        std::min(lengths_.kv[request], causal_base(request) + (problem_.causal ? last_token : 0));
    TileWork work;
    work.kv_steps = steps_of(std::max(0, seen));
    const int anchor_steps = steps_of(anchor_count(request));
    work.anchor_steps = cascade_ ? 0 : anchor_steps;
    work_.push_back(work);
    Tile tile{};
    tile.request = request;
    tile.kv_head = kv_head;
    tile.first_row = first_row;
    tile.rows = rows;
    tile.first_token = first_token_[static_cast<std::size_t>(request)];
    tile.kv_steps = work.kv_steps;
    tile.steps = work.kv_steps + anchor_steps;
    plan_.max_steps = std::max(plan_.max_steps, tile.steps);
    plan_.tiles.push_back(tile);
  }

  // Uncut lengths in steps of everything that becomes items.
  std::vector<int> spans() const {
    std::vector<int> spans;
    for (const TileWork& w : work_) {
      if (separate_ || cascade_) {
        spans.push_back(w.kv_steps);
        if (w.anchor_steps > 0) spans.push_back(w.anchor_steps);
      } else {
        spans.push_back(w.kv_steps + w.anchor_steps);
      }
    }
    if (cascade_)
      for (int i = 0; i < cascade_tiles() * problem_.kv_heads; ++i)
        spans.push_back(steps_of(problem_.max_anchors));
    return spans;
  }

  int cascade_tiles() const { return ceil_div(plan_.query_tokens * group_, kRowsPerTile); }

  // An upper bound of any list schedule's makespan, in steps: whole waves of the longest item, or
  // Graham's bound (average load plus the longest item), whichever is less; plus how much later
  // a slow SM ends its last item.
  double makespan(const std::vector<int>& spans, int chunk) const {
    std::int64_t items = 0;
    std::int64_t load = 0;
    int longest = 0;
    for (int span : spans) {
      const int pieces = std::max(1, ceil_div(span, chunk));
      items += pieces;
      load += span + std::int64_t{pieces} * kItemOverheadSteps;
      longest = std::max(longest, std::min(span, chunk));
    }
    longest += kItemOverheadSteps;
    const double waves = static_cast<double>(ceil_div64(items, concurrent_)) * longest;
    const double graham = static_cast<double>(load) / concurrent_ + longest;
    return std::min(waves, graham) + 0.01 * kSpeedSpreadPercent * longest;
  }

  void choose_chunk() {
    const std::vector<int> all = spans();
    const std::int64_t total = std::accumulate(all.begin(), all.end(), std::int64_t{0});
    const int longest = all.empty() ? 0 : *std::max_element(all.begin(), all.end());
    // Both spans of a tile round up by one slot at most; the cascade's slots come on top.
    int least = std::max(ceil_div(plan_.max_steps, kMaxSlots - kMaxAnchorSplits - 2),
                         ceil_div64(total, std::int64_t{concurrent_} * kMaxWaves));
    least = std::max(least, kMinChunkSteps);
    const auto whole_warps = [](int steps) { return ceil_div(steps, kWarps) * kWarps; };
    chunk_ = whole_warps(std::max(least, longest));
    double best = makespan(all, chunk_);
    const auto consider = [&](int steps) {
      const int chunk = whole_warps(std::max(least, steps));
      const double time = makespan(all, chunk);
      if (time < best) {
        best = time;
        chunk_ = chunk;
      }
    };
    for (int waves = 1; waves <= kMaxWaves; ++waves)
      consider(ceil_div64(total, std::int64_t{concurrent_} * waves));
    for (int pieces = 2; pieces <= 32; ++pieces) consider(ceil_div(longest, pieces));
  }

  // Piece length of one span: forced splits ignore the automatic chunk.
  int piece(int span) const {
    if (options_.splits <= 0) return chunk_;
    const int most = (kMaxSlots - kMaxAnchorSplits) / (separate_ ? 2 : 1);
    return std::max(1, ceil_div(span, std::min(options_.splits, most)));
  }

  WorkItem item_of(int tile_index) const {
    const Tile& tile = plan_.tiles[static_cast<std::size_t>(tile_index)];
    WorkItem item{};
    item.request = tile.request;
    item.kv_head = tile.kv_head;
    item.first_row = tile.first_row;
    item.rows = tile.rows;
    item.first_token = tile.first_token;
    item.kv_len = lengths_.kv[tile.request];
    item.causal_base = causal_base(tile.request);
    item.kv_steps = tile.kv_steps;
    item.anchor_count = anchor_count(tile.request);
    item.anchor_set = problem_.shared_anchors ? 0 : tile.request;
    item.tile = tile_index;
    item.tile_count = 1;
    item.kind = ItemKind::partial;
    return item;
  }

  void cut_span(int tile_index, int begin, int end) {
    Tile& tile = plan_.tiles[static_cast<std::size_t>(tile_index)];
    const int length = piece(end - begin);
    for (int step = begin; step < end; step += length) {
      WorkItem item = item_of(tile_index);
      item.step_begin = step;
      item.step_end = std::min(end, step + length);
      item.slot = tile.slots++;
      ++tile.arrivals;
      plan_.items.push_back(item);
    }
  }

  void cut_tile(int tile_index) {
    Tile& tile = plan_.tiles[static_cast<std::size_t>(tile_index)];
    const TileWork& work = work_[static_cast<std::size_t>(tile_index)];
    const std::size_t first = plan_.items.size();
    const int steps = work.kv_steps + work.anchor_steps;
    if (separate_) {  // a slot holds one segment only, so that the combine can weigh them
      cut_span(tile_index, 0, work.kv_steps);
      tile.kv_slots = tile.slots;
      cut_span(tile_index, work.kv_steps, steps);
    } else {
      cut_span(tile_index, 0, steps);
      tile.kv_slots = tile.slots;
    }
    const bool joined = cascade_ && tile.steps > work.kv_steps;
    if (joined) return;
    if (steps == 0) {  // nothing to attend to: an empty item writes zeros and -inf
      plan_.items.push_back(item_of(tile_index));
    }
    if (plan_.items.size() - first == 1) {
      plan_.items.back().kind = ItemKind::direct;
      tile.slots = 0;
      tile.kv_slots = 0;
      tile.arrivals = 0;
    }
  }

  // Items of the shared anchors: 16 packed rows of the whole batch each.
  void add_cascade() {
    const int steps = steps_of(problem_.max_anchors);
    const int splits = std::clamp(ceil_div(steps, piece(steps)), 1, kMaxAnchorSplits);
    const int length = ceil_div(steps, splits);
    const int pieces = ceil_div(steps, length);
    std::size_t tile = 0;
    for (int h = 0; h < problem_.kv_heads; ++h) {
      for (int i = 0; i < cascade_tiles(); ++i) {
        WorkItem item{};
        item.kv_head = h;
        item.first_row = i * kRowsPerTile;
        item.rows = std::min(kRowsPerTile, plan_.query_tokens * group_ - item.first_row);
        item.anchor_count = problem_.max_anchors;
        item.kind = ItemKind::cascade;
        while (row_end(plan_.tiles[tile]) <= item.first_row || plan_.tiles[tile].kv_head != h)
          ++tile;
        item.tile = static_cast<std::int32_t>(tile);
        std::size_t end = tile;
        while (end < plan_.tiles.size() && plan_.tiles[end].kv_head == h &&
               row_begin(plan_.tiles[end]) < item.first_row + item.rows)
          plan_.tiles[end++].arrivals += pieces;
        item.tile_count = static_cast<std::int32_t>(end - tile);
        for (int slot = 0; slot < pieces; ++slot) {
          item.slot = slot;
          item.step_begin = slot * length;
          item.step_end = std::min(steps, item.step_begin + length);
          plan_.items.push_back(item);
        }
      }
    }
    for (Tile& t : plan_.tiles) t.slots += pieces;
  }
  int row_begin(const Tile& tile) const { return tile.first_token * group_ + tile.first_row; }
  int row_end(const Tile& tile) const { return row_begin(tile) + tile.rows; }

  void place_partials() {
    for (Tile& tile : plan_.tiles) {
      tile.partial = plan_.partial_slots;
      plan_.partial_slots += tile.slots;
    }
  }

  // Longest first, then items that read the same tokens side by side: heads of one page share
  // DRAM rows, row tiles of one head share L2 lines.
  void order_items() {
    const auto length = [](const WorkItem& i) { return i.step_end - i.step_begin; };
    std::stable_sort(plan_.items.begin(), plan_.items.end(),
                     [&](const WorkItem& a, const WorkItem& b) {
                       if (length(a) != length(b)) return length(a) > length(b);
                       if (a.request != b.request) return a.request < b.request;
                       if (a.slot != b.slot) return a.slot < b.slot;
                       return a.kv_head < b.kv_head;
                     });
    if (!plan_.items.empty()) plan_.chunk_steps = length(plan_.items.front());
  }

  void add_padding(std::int64_t items, std::int64_t tiles) {
    WorkItem none{};
    none.request = -1;
    plan_.items.resize(static_cast<std::size_t>(items), none);
    plan_.tiles.resize(static_cast<std::size_t>(tiles), Tile{});
  }

  const Problem& problem_;
  const Lengths& lengths_;
  const PlanOptions& options_;
  int group_;
  bool cascade_;
  bool separate_;  // KV and anchors in slots of their own
  int concurrent_;
  int chunk_ = kMinChunkSteps;
  std::vector<TileWork> work_;
  std::vector<std::int32_t> first_token_;
  Plan plan_;
};

}  // namespace

Error plan_host(const Problem& problem, const DeviceInfo& device, const Lengths& lengths,
                const PlanOptions& options, Plan* plan) {
  if (Error e = check_problem(problem); !e.ok()) return e;
  if (Error e = check_lengths(problem, lengths); !e.ok()) return e;
  if (plan == nullptr) return {Status::bad_pointer, "plan", "is null"};
  if (options.splits < 0) return {Status::bad_shape, "splits", "is negative"};
  if (device.sm_count <= 0) return {Status::bad_shape, "device.sm_count", "is not positive"};
  const Tiling tiling = fused_tiling(problem.head_dim, device.smem_per_sm);
  if (tiling.smem_bytes() > device.smem_per_cta)
    return {Status::unsupported, "device", "has too little shared memory for this head_dim"};
  try {
    return Planner(problem, device, lengths, options).make(device, plan);
  } catch (const std::bad_alloc&) {
    return {Status::out_of_memory, "plan", "the host is out of memory"};
  }
}

Error plan_two_pass(const Problem& problem, const DeviceInfo& device, const Lengths& lengths,
                    const PlanOptions& options, TwoPassPlan* plan) {
  if (plan == nullptr) return {Status::bad_pointer, "plan", "is null"};
  if (Error e = check_problem(problem); !e.ok()) return e;
  if (Error e = check_lengths(problem, lengths); !e.ok()) return e;
  Lengths paged = lengths;
  paged.anchors = nullptr;
  if (Error e = plan_host(kv_pass(problem), device, paged, options, &plan->kv); !e.ok()) return e;
  try {
    const std::vector<std::int32_t> none(static_cast<std::size_t>(problem.batch), 0);
    Lengths anchors = lengths;
    anchors.kv = none.data();
    return plan_host(anchor_pass(problem), device, anchors, options, &plan->anchors);
  } catch (const std::bad_alloc&) {
    return {Status::out_of_memory, "plan", "the host is out of memory"};
  }
}

}  // namespace fieldsim::kernels
