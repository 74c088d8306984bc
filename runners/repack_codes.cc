// repack_codes: sharing the work, and saying what does not fit.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "reference/error.h"
#include "runners/code_line.h"
#include "runners/code_planes.h"
#include "runners/recoding.h"
#include "runners/repack.h"
#include "runners/shared_work.h"
#include "runners/tile_program.h"
#include "runners/weight_move.h"

namespace plumb {
namespace {

// Bytes from which on a weight is written around the cache: in order, and to places that lie apart.
constexpr std::int64_t kLarge = std::int64_t{1} << 24, kLargeScattered = std::int64_t{1} << 22;

// Thrown by whoever meets a code that does not fit; which is the first is found out then.
struct DoesNotFit {};

// One weight on its way.
class Move {
 public:
  Move(const RepackRequest& request, Extent extent, std::span<const std::byte> from, std::span<std::byte> to)
      : request_(request), extent_(extent), from_(from), to_(to) {}

  // False if it was stopped.
  [[nodiscard]] bool run(const PlaneMove& planes) {
    all_ = planes.count();
    return share(all_, [&](std::int64_t slab) { planes.move(slab, from_, to_, std::ssize(to_) >= kLarge); });
  }
  [[nodiscard]] bool run(const WeightMove& move) {
    for (std::size_t stage = 0; stage < move.stages(); ++stage) all_ += move.pieces(stage);
    const bool is_large = std::ssize(to_) >= (move.is_scattered() ? kLargeScattered : kLarge);
    const WeightMove::Bytes bytes{from_, to_, is_large, request_.threads > 1};
    try {
      for (std::size_t stage = 0; stage < move.stages(); ++stage) {
        const auto body = [&](std::int64_t piece) {
          if (!move.move(stage, piece, bytes)) throw DoesNotFit{};
          finish_moving_tiles();
        };
        if (!share(move.pieces(stage), body)) return false;
      }
      return true;
    } catch (const DoesNotFit&) {
      refuse_first();
    }
  }

 private:
  template <typename Body>
  bool share(std::int64_t pieces, const Body& body) {
    WorkOptions options{request_.threads, {}, request_.should_stop, true};
    if (request_.on_progress) {
      options.on_progress = [&](std::int64_t done) {
        request_.on_progress(std::min(1.0, static_cast<double>(done_ + done) / static_cast<double>(all_)));
      };
    }
    const bool finished = share_work(pieces, options, body);
    done_ += pieces;
    return finished;
  }

  // Goes through the weight in the order of its codes.
  [[noreturn]] void refuse_first() const {
    const Layout& from = *request_.from;
    std::vector<ColumnRange> ranges;
    add_column_ranges(ranges, {0, extent_.columns}, extent_.columns);
    std::vector<CodeLine> lines;
    for (const ColumnRange range : ranges) {
      lines.emplace_back(from, extent_, range.first, range.end - range.first);
    }
    const Recoding recoding(from, *request_.to, request_.add);
    for (std::int64_t row = 0; row < extent_.rows; ++row) {
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
  Extent extent_;
  std::span<const std::byte> from_;
  std::span<std::byte> to_;
  std::int64_t all_ = 0, done_ = 0;  // pieces of work
};

}  // namespace

Repacking::Repacking(const RepackRequest& request, Extent extent) : extent_(extent) {
  if (auto planes = PlaneMove::plan(*request.from, *request.to, request.add, extent)) {
    planes_ = std::make_unique<const PlaneMove>(std::move(*planes));
  } else {
    weight_ =
        std::make_unique<const WeightMove>(*request.from, *request.to, request.add, extent, request.memory_bytes / 8);
  }
}

Repacking::~Repacking() = default;

bool Repacking::operator()(const RepackRequest& request, std::span<const std::byte> from,
                           std::span<std::byte> to) const {
  Move move(request, extent_, from, to);
  return planes_ ? move.run(*planes_) : move.run(*weight_);
}

bool repack_codes(const RepackRequest& request, Extent extent, std::span<const std::byte> from,
                  std::span<std::byte> to) {
  return Repacking(request, extent)(request, from, to);
}

}  // namespace plumb
