// repack_codes: tiles with vectors, and code by code what is left over: padding, and layouts without tiles.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "reference/error.h"
#include "reference/layout/systems.h"
#include "runners/code_line.h"
#include "runners/recoding.h"
#include "runners/repack.h"
#include "runners/shared_work.h"
#include "runners/tile_plan.h"
#include "runners/tile_rectangles.h"

namespace plumb {
namespace {

// Rows and columns of a piece of work that is done code by code.
constexpr std::int64_t kRowsAtOnce = 64, kColumnsAtOnce = 1024;
// Bytes from which on a weight is written around the cache.
constexpr std::int64_t kLarge = std::int64_t{1} << 24;

// Thrown by whoever meets a code that does not fit; which is the first is found out then.
struct DoesNotFit {};

// What is moved: the layouts as they were asked for, or simpler ones that say the same of this weight.
struct Task {
  Layout from, to;
  Extent extent;
  int add;
};

Layout in_order(const Layout& layout, int bits) {
  Layout flat = layout;
  flat.bits = bits;
  flat.row_multiple = flat.column_multiple = 1;
  flat.position = row_by_row(bits);
  return flat;
}

Task simplified(const Layout& from, const Layout& to, Extent extent, int add) {
  const std::int64_t codes = extent.rows * extent.columns;
  if (codes == 0) return {from, to, extent, add};
  if (have_same_places(from, to, extent)) {
    if (8 % from.bits == 0) return {in_order(from, from.bits), in_order(to, to.bits), {1, codes}, add};
    if (add == 0 && from.encoding == to.encoding) {
      return {in_order(from, 8), in_order(to, 8), {1, from.size_bytes(extent)}, 0};
    }
  }
  if (is_flat(from, extent) && is_flat(to, extent)) {
    const Extent flat{1, codes};
    if (plan_tiles(from, to, add, flat)) return {from, to, flat, add};
  }
  return {from, to, extent, add};
}

// Rows that lack the same columns when tiles are done.
struct Rest {
  std::int64_t first_row, end_row;
  std::vector<ColumnRange> columns;
};

std::vector<std::int64_t> row_cuts(const TilePlan* plan, const Task& task) {
  std::vector<std::int64_t> cuts = {0, task.extent.rows, task.to.padded(task.extent).rows};
  for (const TileGrid& grid : plan != nullptr ? plan->grids : std::vector<TileGrid>()) {
    cuts.push_back(grid.origin.rows);
    cuts.push_back(grid.origin.rows + grid.down * plan->tile_rows);
  }
  std::ranges::sort(cuts);
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

// Adds a range in pieces: none crosses the end of the weight, where padding begins.
void add_range(std::vector<ColumnRange>& ranges, ColumnRange range, std::int64_t end_of_weight) {
  for (std::int64_t first = range.first; first < range.end;) {
    std::int64_t end = std::min(range.end, first + kColumnsAtOnce);
    if (first < end_of_weight) end = std::min(end, end_of_weight);
    ranges.push_back({first, end});
    first = end;
  }
}

// What tiles leave, in the order of rows.
std::vector<Rest> rests(const TilePlan* plan, const Task& task) {
  const Extent extent = task.extent, padded = task.to.padded(extent);
  const std::vector<std::int64_t> cuts = row_cuts(plan, task);
  std::vector<Rest> found;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    Rest rest{cuts[i], cuts[i + 1], {}};
    if (plan == nullptr || rest.first_row >= extent.rows) {
      add_range(rest.columns, {0, padded.columns}, extent.columns);
    } else {
      const std::vector<ColumnRange> left = plan->columns_left(rest.first_row);
      for (std::int64_t span = 0; span < extent.columns; span += plan->column_span) {
        for (const ColumnRange range : left) {
          add_range(rest.columns, {span + range.first, span + range.end}, extent.columns);
        }
      }
      add_range(rest.columns, {extent.columns, padded.columns}, extent.columns);
    }
    if (!rest.columns.empty()) found.push_back(std::move(rest));
  }
  return found;
}

// One weight on its way.
class Move {
 public:
  Move(const RepackRequest& request, Extent extent, std::span<const std::byte> from, std::span<std::byte> to)
      : request_(request),
        true_extent_(extent),
        task_(simplified(*request.from, *request.to, extent, request.add)),
        from_(from),
        to_(to),
        plan_(plan_tiles(task_.from, task_.to, task_.add, task_.extent)),
        recoding_(task_.from, task_.to, task_.add) {
    const TilePlan* plan = plan_ ? &*plan_ : nullptr;
    for (Rest& rest : rests(plan, task_)) {
      for (std::int64_t row = rest.first_row; row < rest.end_row; row += kRowsAtOnce) {
        rests_.push_back({row, std::min(row + kRowsAtOnce, rest.end_row), rest.columns});
      }
    }
    all_ = std::ssize(rests_);
    for (const TileGrid& grid : grids()) rectangles_.emplace_back(grid, *plan_, request.memory_bytes / 8);
    for (const TileRectangles& rectangles : rectangles_) all_ += rectangles.count();
  }

  // False if it was stopped.
  [[nodiscard]] bool run() {
    try {
      for (const TileRectangles& rectangles : rectangles_) {
        if (!share(rectangles.count(), [&](std::int64_t piece) { move_tiles_of(rectangles, piece); })) return false;
      }
      return share(std::ssize(rests_), [&](std::int64_t piece) { move_rest(rests_[static_cast<std::size_t>(piece)]); });
    } catch (const DoesNotFit&) {
      refuse_first();
    }
  }

 private:
  [[nodiscard]] std::span<const TileGrid> grids() const {
    return plan_ ? std::span<const TileGrid>(plan_->grids) : std::span<const TileGrid>();
  }

  template <typename Body>
  bool share(std::int64_t pieces, const Body& body) {
    WorkOptions options{request_.threads, {}, request_.should_stop};
    if (request_.on_progress) {
      options.on_progress = [&](std::int64_t done) {
        request_.on_progress(std::min(1.0, static_cast<double>(done_ + done) / static_cast<double>(all_)));
      };
    }
    const bool finished = share_work(pieces, options, body);
    done_ += pieces;
    return finished;
  }

  void move_tiles_of(const TileRectangles& rectangles, std::int64_t piece) const {
    TileRun run = rectangles.run(piece, from_.data(), to_.data());
    run.bypasses_cache = std::ssize(to_) >= kLarge;
    if (!move_tiles(plan_->program, run)) throw DoesNotFit{};
    finish_moving_tiles();
  }

  void move_rest(const Rest& rest) const {
    for (const ColumnRange range : rest.columns) {
      const std::int64_t count = range.end - range.first;
      CodeLine target(task_.to, task_.extent, range.first, count);
      if (range.first >= task_.extent.columns || rest.first_row >= task_.extent.rows) {
        fill(target, rest, count);
        continue;
      }
      CodeLine source(task_.from, task_.extent, range.first, count);
      for (std::int64_t row = rest.first_row; row < rest.end_row; ++row) {
        source.turn_to(row);
        target.turn_to(row);
        for (std::int64_t i = 0; i < count; ++i) {
          const unsigned stored = source.read(from_, i);
          if (!recoding_.fits(stored)) throw DoesNotFit{};
          target.write(to_, i, recoding_(stored), shares_bytes());
        }
      }
    }
  }

  void fill(CodeLine& target, const Rest& rest, std::int64_t count) const {
    const unsigned stored = task_.to.encode(task_.to.padding_code);
    for (std::int64_t row = rest.first_row; row < rest.end_row && stored != 0; ++row) {
      target.turn_to(row);
      for (std::int64_t i = 0; i < count; ++i) target.write(to_, i, stored, shares_bytes());
    }
  }

  [[nodiscard]] bool shares_bytes() const { return request_.threads > 1; }

  // Goes through the weight in the order of its codes.
  [[noreturn]] void refuse_first() const {
    const Layout& from = *request_.from;
    std::vector<ColumnRange> ranges;
    add_range(ranges, {0, true_extent_.columns}, true_extent_.columns);
    std::vector<CodeLine> lines;
    for (const ColumnRange range : ranges) {
      lines.emplace_back(from, true_extent_, range.first, range.end - range.first);
    }
    const Recoding recoding(from, *request_.to, request_.add);
    for (std::int64_t row = 0; row < true_extent_.rows; ++row) {
      for (std::size_t r = 0; r < ranges.size(); ++r) {
        lines[r].turn_to(row);
        for (std::int64_t i = 0; i < ranges[r].end - ranges[r].first; ++i) {
          const unsigned stored = lines[r].read(from_, i);
          if (!recoding.fits(stored)) refuse(from.decode(stored) + request_.add, row, ranges[r].first + i);
        }
      }
    }
    PLUMB_CHECK(false);
  }

  [[noreturn]] void refuse(int code, std::int64_t row, std::int64_t column) const {
    const Layout &from = *request_.from, &to = *request_.to;
    const int shift = to.min_code() - from.min_code();
    const bool shift_helps = request_.add == 0 && shift != 0 && from.max_code() + shift <= to.max_code();
    throw Error(
        fmt::format("{} cannot hold the code {} at [{}, {}]: expected {} to {}{}", to.name, code,
                    request_.first_row + row, column, to.min_code(), to.max_code(),
                    shift_helps ? fmt::format("; if zero points shift with the codes, give --add {}", shift) : ""));
  }

  const RepackRequest& request_;
  Extent true_extent_;
  Task task_;
  std::span<const std::byte> from_;
  std::span<std::byte> to_;
  std::optional<TilePlan> plan_;
  Recoding recoding_;
  std::vector<TileRectangles> rectangles_;  // of each grid
  std::vector<Rest> rests_;
  std::int64_t all_ = 0, done_ = 0;  // pieces of work
};

}  // namespace

bool repack_codes(const RepackRequest& request, Extent extent, std::span<const std::byte> from,
                  std::span<std::byte> to) {
  return Move(request, extent, from, to).run();
}

}  // namespace plumb
