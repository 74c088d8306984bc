// repack_codes: tiles with vectors, and bit by bit what is left over: edges, padding, layouts without tiles.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>

#include "reference/error.h"
#include "runners/repack.h"
#include "runners/shared_work.h"
#include "runners/tile_plan.h"

namespace plumb {
namespace {

// Rows of a piece of work that is done bit by bit; in any layout so many rows fill whole bytes or share them openly.
constexpr std::int64_t kRowsAtOnce = 64;
constexpr std::int64_t kLineBytes = 64, kTilesInTurn = 4;
// Bytes from which on a weight is written around the cache.
constexpr std::int64_t kLarge = std::int64_t{1} << 24;
// Tiles of some bands are moved together, so that bytes which lie together are written together; and so many bytes of
// each band that all of them stay in the cache.
constexpr std::int64_t kBandsAtOnce = 16, kBytesAtOnce = 1 << 17;

// The codes of one layout's bytes, one at a time.
class Codes {
 public:
  Codes(const Layout& layout, Extent extent) : layout_(layout), padded_(layout.padded(extent)) {}

  [[nodiscard]] int read(std::span<const std::byte> bytes, std::int64_t row, std::int64_t column) const {
    unsigned stored = 0;
    for (int bit = 0; bit < layout_.bits; ++bit) {
      const BitPosition at = layout_.position(row, column, bit, padded_);
      const auto byte = static_cast<unsigned>(bytes[static_cast<std::size_t>(at.byte)]);
      stored |= (byte >> at.bit & 1U) << bit;
    }
    return layout_.decode(stored);
  }

  // The bits must still be zero. Other threads may be writing other bits of the same byte.
  void write(std::span<std::byte> bytes, std::int64_t row, std::int64_t column, int code) const {
    const unsigned stored = layout_.encode(code);
    for (int bit = 0; bit < layout_.bits; ++bit) {
      if ((stored >> bit & 1U) == 0) continue;
      const BitPosition at = layout_.position(row, column, bit, padded_);
      auto& byte = *reinterpret_cast<unsigned char*>(&bytes[static_cast<std::size_t>(at.byte)]);
      std::atomic_ref(byte).fetch_or(static_cast<unsigned char>(1U << at.bit), std::memory_order_relaxed);
    }
  }

  [[nodiscard]] Extent padded() const { return padded_; }

 private:
  const Layout& layout_;
  Extent padded_;
};

[[noreturn]] void refuse_code(const RepackRequest& request, int code, std::int64_t row, std::int64_t column) {
  const Layout &from = *request.from, &to = *request.to;
  const int shift = to.min_code() - from.min_code();
  const bool shift_helps = request.add == 0 && shift != 0 && from.max_code() + shift <= to.max_code();
  throw Error(fmt::format(
      "{} cannot hold the code {} at [{}, {}]: expected {} to {}{}", to.name, code, row, column, to.min_code(),
      to.max_code(), shift_helps ? fmt::format("; if zero points shift with the codes, give --add {}", shift) : ""));
}

// One weight on its way. Flat weights are taken as one long row; messages still name their true rows.
class Move {
 public:
  Move(const RepackRequest& request, Extent extent, std::span<const std::byte> from, std::span<std::byte> to)
      : request_(request), true_columns_(extent.columns), extent_(extent), from_(from), to_(to) {
    const Extent flat{1, extent.rows * extent.columns};
    if (extent.rows > 0 && extent.columns > 0 && is_flat(*request.from, extent) && is_flat(*request.to, extent)) {
      plan_ = plan_tiles(*request.from, *request.to, request.add, flat);
      if (plan_) extent_ = flat;
    }
    if (!plan_) plan_ = plan_tiles(*request.from, *request.to, request.add, extent);
    source_.emplace(*request.from, extent_);
    target_.emplace(*request.to, extent_);
    if (plan_) cut_tiles();
  }

  // False if it was stopped.
  [[nodiscard]] bool run() const {
    const Extent padded = target_->padded();
    const std::int64_t tiles = groups_ * parts_, rows = (padded.rows + kRowsAtOnce - 1) / kRowsAtOnce;
    const std::int64_t all = std::max<std::int64_t>(plan_ ? tiles : rows, 1);
    WorkOptions options{request_.threads, {}, request_.should_stop};
    if (request_.on_progress) {
      options.on_progress = [&](std::int64_t done) {
        request_.on_progress(std::min(1.0, static_cast<double>(done) / static_cast<double>(all)));
      };
    }
    if (!share_work(tiles, options, [&](std::int64_t piece) { move_piece(piece); })) return false;
    return share_work(rows, options, [&](std::int64_t piece) {
      const std::int64_t end = std::min(padded.rows, (piece + 1) * kRowsAtOnce);
      for (std::int64_t row = piece * kRowsAtOnce; row < end; ++row) move_rest_of_row(row);
    });
  }

 private:
  void cut_tiles() {
    moves_all_bands_ = std::ranges::all_of(plan_->from_base, [](std::int64_t base) { return base >= 0; });
    const auto bands = static_cast<std::int64_t>(plan_->from_base.size());
    const std::int64_t tile_bytes = kBlockBytes << plan_->program.block_bits;
    const std::int64_t together = std::min(bands, kBandsAtOnce);
    tiles_at_once_ = std::max<std::int64_t>(4, kBytesAtOnce / together / tile_bytes / 4 * 4);
    groups_ = (bands + kBandsAtOnce - 1) / kBandsAtOnce;
    parts_ = (plan_->tiles_per_band + tiles_at_once_ - 1) / tiles_at_once_;
  }

  // Some tiles of some bands. Where bands, not tiles, follow each other in the target, few tiles of all bands in turn,
  // so that a line of the cache is written while it is there.
  void move_piece(std::int64_t piece) const {
    const std::int64_t first_band = piece / parts_ * kBandsAtOnce, first_tile = piece % parts_ * tiles_at_once_;
    const std::int64_t end_tile = std::min(first_tile + tiles_at_once_, plan_->tiles_per_band);
    const std::int64_t end_band = std::min(first_band + kBandsAtOnce, std::ssize(plan_->from_base));
    const std::int64_t in_turn =
        std::max(plan_->from_stride, plan_->to_stride) < kLineBytes ? tiles_at_once_ : kTilesInTurn;
    for (std::int64_t tile = first_tile; tile < end_tile; tile += in_turn) {
      for (std::int64_t band = first_band; band < end_band; ++band) {
        if (plan_->moves_band(band)) move_run(band, tile, std::min(in_turn, end_tile - tile), first_tile);
      }
    }
    finish_moving_tiles();
  }

  void move_run(std::int64_t band, std::int64_t tile, std::int64_t count, std::int64_t first_of_piece) const {
    const std::int64_t from = plan_->from_base[static_cast<std::size_t>(band)] + tile * plan_->from_stride;
    const std::int64_t to = plan_->to_base[static_cast<std::size_t>(band)] + tile * plan_->to_stride;
    const TileRun run{reinterpret_cast<const std::uint8_t*>(from_.data()) + from,
                      reinterpret_cast<std::uint8_t*>(to_.data()) + to,
                      plan_->from_offset.data(),
                      plan_->to_offset.data(),
                      plan_->from_stride,
                      plan_->to_stride,
                      count,
                      std::ssize(to_) >= kLarge};
    if (!move_tiles(plan_->program, run)) refuse_first_of(band, first_of_piece);
  }

  // All earlier pieces have been, or will be, found good; so the first code refused lies in these bands, if
  // they go along the columns.
  [[noreturn]] void refuse_first_of(std::int64_t band, std::int64_t first_tile) const {
    const std::int64_t first_band = plan_->along_rows ? 0 : band / kBandsAtOnce * kBandsAtOnce;
    const std::int64_t first_column = extent_.rows == 1 ? first_tile * plan_->tile_columns : 0;
    for (std::int64_t row = first_band * plan_->tile_rows; row < extent_.rows; ++row) {
      for (std::int64_t column = first_column; column < extent_.columns; ++column) (void)code_at(row, column);
    }
    PLUMB_CHECK(false);
  }

  // The code that the target gets. Throws Error if it cannot hold it.
  [[nodiscard]] int code_at(std::int64_t row, std::int64_t column) const {
    const int code = source_->read(from_, row, column) + request_.add;
    if (code >= request_.to->min_code() && code <= request_.to->max_code()) return code;
    const std::int64_t flat = row * extent_.columns + column;
    refuse_code(request_, code, flat / true_columns_, flat % true_columns_);
  }

  void move_rest_of_row(std::int64_t row) const {
    const Extent padded = target_->padded();
    const std::int64_t span = plan_ ? plan_->column_span : padded.columns;
    const std::int64_t skipped = plan_ && row < extent_.rows ? skipped_columns(row) : 0;
    for (std::int64_t first = 0; first < extent_.columns; first += span) {
      for (std::int64_t column = first + skipped; column < std::min(first + span, extent_.columns); ++column) {
        if (skipped > 0 || !is_moved(row, column)) move_code(row, column);
      }
    }
    for (std::int64_t column = extent_.columns; column < padded.columns; ++column) move_code(row, column);
  }

  [[nodiscard]] bool is_moved(std::int64_t row, std::int64_t column) const {
    return plan_ && row < extent_.rows && plan_->moves(row, column);
  }

  // Columns at the beginning of each span that tiles hold all of, so that none of them need be asked about; 0 if that
  // is not known.
  [[nodiscard]] std::int64_t skipped_columns(std::int64_t row) const {
    const std::int64_t down = row / plan_->tile_rows;
    if (!plan_->along_rows) return plan_->moves_band(down) ? plan_->tiles_per_band * plan_->tile_columns : 0;
    return moves_all_bands_ && down < plan_->tiles_per_band ? std::ssize(plan_->from_base) * plan_->tile_columns : 0;
  }

  void move_code(std::int64_t row, std::int64_t column) const {
    const bool inside = row < extent_.rows && column < extent_.columns;
    target_->write(to_, row, column, inside ? code_at(row, column) : request_.to->padding_code);
  }

  const RepackRequest& request_;
  std::int64_t true_columns_;
  Extent extent_;
  std::span<const std::byte> from_;
  std::span<std::byte> to_;
  std::optional<TilePlan> plan_;
  std::optional<Codes> source_, target_;
  bool moves_all_bands_ = false;
  std::int64_t tiles_at_once_ = 0, groups_ = 0, parts_ = 0;
};

}  // namespace

bool repack_codes(const RepackRequest& request, Extent extent, std::span<const std::byte> from,
                  std::span<std::byte> to) {
  return Move(request, extent, from, to).run();
}

}  // namespace plumb
