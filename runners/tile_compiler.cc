#include "runners/tile_compiler.h"

#include <algorithm>

#include "reference/error.h"
#include "runners/recoding.h"

namespace plumb {
namespace {

using StepList = std::vector<WeightStep>;

std::size_t place_of(std::span<const WeightStep> steps, WeightStep step) {
  const auto found = std::ranges::find(steps, step);
  PLUMB_CHECK(found != steps.end());
  return static_cast<std::size_t>(found - steps.begin());
}

// From where to where codes go, plus a constant.
struct Codes {
  const Layout& from;
  const Layout& to;
  int add;
};

// For each nibble, low or high, of a byte: what `field(place, stored bits)` gives for its codes, put together by or.
template <typename Field>
void fill_tables(int bits, std::array<std::uint8_t, 16>& low, std::array<std::uint8_t, 16>& high, const Field& field) {
  const int per_nibble = 4 / bits;
  for (unsigned nibble = 0; nibble < 16; ++nibble) {
    for (int i = 0; i < per_nibble; ++i) {
      const unsigned stored = nibble >> (i * bits) & ((1U << bits) - 1);
      low[nibble] |= static_cast<std::uint8_t>(field(i, stored));
      high[nibble] |= static_cast<std::uint8_t>(field(i + per_nibble, stored));
    }
  }
}

class Compiler {
 public:
  Compiler(const Codes& codes, const AddressBits& from, const AddressBits& to, const StepList& steps)
      : codes_(codes),
        recoding_(codes.from, codes.to, codes.add),
        bits_(codes.from.bits),
        from_(from),
        to_(to),
        code_(from.code) {
    byte_.assign(from.byte.begin(), from.byte.end());
    for (const WeightStep step : steps) {
      if (!contains(code_, step) && !contains(byte_, step)) blocks_.push_back(step);
    }
  }

  [[nodiscard]] std::optional<CompiledTiles> compile() {
    CompiledTiles compiled{{}, blocks_, {}};
    if (blocks_.size() > kMostBlockBits || !check()) return std::nullopt;
    const bool exchanges = lacks_codes();
    if (bits_ == 8) {
      recode_bytes();
    } else {
      map_bytes(true, from_.code_flips, !exchanges);
    }
    // As many at a time as there are block bits to spare.
    while (lacks_codes()) {
      if (!free_codes()) return std::nullopt;
      exchange_codes();
    }
    if (exchanges) map_bytes(false, 0, true);
    bring_bytes();
    TileProgram divided = make_tile_program(static_cast<int>(blocks_.size()), steps_);
    program_.block_bits = divided.block_bits;
    program_.passes = std::move(divided.passes);
    compiled.program = program_;
    compiled.to_blocks = blocks_;
    return compiled;
  }

 private:
  // What is refused; false if everything is.
  bool check() {
    unsigned refused = 0;
    for (unsigned stored = 0; stored < 1U << bits_; ++stored) refused += recoding_.fits(stored) ? 0 : 1;
    if (refused == 1U << bits_) return false;
    if (refused == 0) return true;
    if (bits_ < 8) {
      program_.checks = true;
      fill_tables(bits_, program_.refused_low, program_.refused_high,
                  [&](int, unsigned stored) { return recoding_.fits(stored) ? 0 : 255; });
      return true;
    }
    // In order of their codes, those that fit lie together.
    const int lowest = codes_.from.min_code();
    program_.checks_bytes = true;
    program_.checked_after = static_cast<std::uint8_t>(256 - codes_.from.encode(lowest));
    program_.least = static_cast<std::uint8_t>(std::max(0, codes_.to.min_code() - codes_.add - lowest));
    program_.most = static_cast<std::uint8_t>(std::min(255, codes_.to.max_code() - codes_.add - lowest));
    return true;
  }

  // Codes of 8 bits change by a constant, modulo 256.
  void recode_bytes() {
    TileStep step{TileStep::Kind::add};
    step.mask = static_cast<std::uint8_t>(recoding_(0));
    if (step.mask != 0) steps_.push_back(step);
  }

  // A map of each byte: codes are changed, if so asked, and moved from places with `flips` to where they belong at
  // last, or stay.
  void map_bytes(bool recodes, unsigned flips, bool into_place) {
    TileStep step{TileStep::Kind::map};
    fill_tables(bits_, step.low, step.high, [&](int place, unsigned stored) {
      const unsigned steps_made = static_cast<unsigned>(place) ^ flips;
      unsigned target = into_place ? to_.code_flips : steps_made;
      for (std::size_t bit = 0; into_place && bit < to_.code.size(); ++bit) {
        target ^= (steps_made >> place_of(code_, to_.code[bit]) & 1U) << bit;
      }
      return (recodes ? recoding_(stored) : stored) << (target * static_cast<unsigned>(bits_));
    });
    const unsigned flipped = step.low[0] | step.high[0];
    bool flips_only = true;
    for (unsigned nibble = 0; nibble < 16; ++nibble) {
      flips_only = flips_only && step.low[nibble] == (nibble ^ (flipped & 15U)) &&
                   step.high[nibble] == (nibble << 4 ^ (flipped & 0xF0U));
    }
    if (flips_only) step = {.kind = TileStep::Kind::flip, .mask = static_cast<std::uint8_t>(flipped)};
    if (!flips_only || flipped != 0) steps_.push_back(step);
  }

  [[nodiscard]] bool lacks_codes() const {
    return !std::ranges::all_of(to_.code, [&](WeightStep step) { return contains(code_, step); });
  }

  // Brings steps that code bits will need out of the byte bits. False if then no block bit holds one.
  bool free_codes() {
    StepList leaving, entering;
    for (const WeightStep step : to_.code) {
      if (contains(byte_, step)) leaving.push_back(step);
    }
    // Rather those that byte bits need anyway.
    for (const bool needed : {true, false}) {
      for (const WeightStep step : blocks_) {
        if (contains(to_.code, step) || contains(to_.byte, step) != needed) continue;
        if (entering.size() < leaving.size()) entering.push_back(step);
      }
    }
    leaving.resize(std::min(leaving.size(), entering.size()));
    exchange_bytes(leaving, entering);
    return std::ranges::any_of(to_.code, [&](WeightStep step) { return contains(blocks_, step); });
  }

  void exchange_codes() {
    for (const WeightStep step : to_.code) {
      if (!contains(blocks_, step)) continue;
      const std::size_t block_bit = place_of(blocks_, step);
      const auto leaving = std::ranges::find_if(code_, [&](WeightStep s) { return !contains(to_.code, s); });
      PLUMB_CHECK(leaving != code_.end());
      const auto code_bit = static_cast<unsigned>(leaving - code_.begin());
      TileStep butterfly{TileStep::Kind::butterfly};
      butterfly.block_bit = static_cast<int>(block_bit);
      butterfly.shift = bits_ << code_bit;
      for (unsigned place = 0; place < 1U << code_.size(); ++place) {
        const unsigned field = ((1U << bits_) - 1) << (place * static_cast<unsigned>(bits_));
        if ((place >> code_bit & 1U) == 0) butterfly.mask |= static_cast<std::uint8_t>(field);
      }
      steps_.push_back(butterfly);
      std::swap(*leaving, blocks_[block_bit]);
    }
  }

  void bring_bytes() {
    StepList leaving, entering;
    for (const WeightStep step : byte_) {
      if (!contains(to_.byte, step)) leaving.push_back(step);
    }
    for (const WeightStep step : to_.byte) {
      if (!contains(byte_, step)) entering.push_back(step);
    }
    exchange_bytes(leaving, entering);
    permute({to_.byte.begin(), to_.byte.end()});
  }

  // The steps of `leaving` become block bits, those of `entering` byte bits.
  void exchange_bytes(std::span<const WeightStep> leaving, std::span<const WeightStep> entering) {
    while (!leaving.empty()) {
      const std::size_t count = std::min(leaving.size(), kPartBits);
      permute(with_leaving(leaving.first(count)));
      for (const WeightStep step : entering.first(count)) {
        TileStep interleave{TileStep::Kind::interleave};
        const std::size_t block_bit = place_of(blocks_, step);
        interleave.block_bit = static_cast<int>(block_bit);
        steps_.push_back(interleave);
        blocks_[block_bit] = byte_[kPartBits - 1];
        byte_.erase(byte_.begin() + kPartBits - 1);
        byte_.insert(byte_.begin(), step);
      }
      leaving = leaving.subspan(count);
      entering = entering.subspan(count);
    }
  }

  // An order of the byte bits from which interleaving takes those of `leaving`: they are the last ones of a part.
  [[nodiscard]] StepList with_leaving(std::span<const WeightStep> leaving) const {
    StepList order;
    for (const WeightStep step : byte_) {
      if (!contains(leaving, step)) order.push_back(step);
    }
    const auto place = order.begin() + static_cast<std::ptrdiff_t>(kPartBits - leaving.size());
    order.insert(place, leaving.rbegin(), leaving.rend());
    return order;
  }

  // Puts the byte bits into that order.
  void permute(const StepList& order) {
    if (byte_ == order) return;
    std::array<int, kByteBits> from_bit{};
    for (std::size_t bit = 0; bit < order.size(); ++bit) from_bit[bit] = static_cast<int>(place_of(byte_, order[bit]));
    steps_.push_back(permute_step(from_bit));
    byte_ = order;
  }

  Codes codes_;
  Recoding recoding_;
  int bits_;
  const AddressBits& from_;
  const AddressBits& to_;
  StepList code_, byte_, blocks_;  // what the bits stand for at this point of the program
  std::vector<TileStep> steps_;
  TileProgram program_;  // without them
};

}  // namespace

std::optional<CompiledTiles> compile_tiles(const Layout& from, const Layout& to, int add, const AddressBits& from_bits,
                                           const AddressBits& to_bits, const std::vector<WeightStep>& steps) {
  return Compiler(Codes{from, to, add}, from_bits, to_bits, steps).compile();
}

}  // namespace plumb
