// What wrong_variants derives from each layout that the oracle uses, where it uses it.

#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "reference/layout/layouts.h"
#include "reference/layout/stand_in.h"
#include "reference/layout/wrong_variants.h"
#include "runners/diagnosis/mistake.h"

namespace plumb {
namespace {

constexpr std::int64_t kMostCodes = 1 << 14;

enum class Direction { packs, unpacks };

// One way in which the oracle uses a layout.
struct Use {
  std::string layout;
  Direction direction;
  friend auto operator<=>(const Use&, const Use&) = default;
};

// Looks on while the oracle packs and unpacks.
class Watcher : public LayoutStandIn {
 public:
  std::optional<std::vector<std::uint8_t>> pack(const Layout& layout, Extent extent, std::span<const int>) override {
    return note<std::vector<std::uint8_t>>(layout, extent, Direction::packs);
  }
  std::optional<std::vector<int>> unpack(const Layout& layout, Extent extent, std::span<const std::uint8_t>) override {
    return note<std::vector<int>>(layout, extent, Direction::unpacks);
  }
  // The extents that each use had.
  [[nodiscard]] const std::map<Use, std::vector<Extent>>& uses() const { return uses_; }

 private:
  template <typename Result>
  std::optional<Result> note(const Layout& layout, Extent extent, Direction direction) {
    std::vector<Extent>& extents = uses_[{layout.name, direction}];
    if (std::ranges::find(extents, extent) == extents.end()) extents.push_back(extent);
    return std::nullopt;
  }

  std::map<Use, std::vector<Extent>> uses_;
};

// Makes one mistake wherever the oracle uses a layout so. Of several extents only one is got wrong.
class Mistaken : public LayoutStandIn {
 public:
  Mistaken(const Use& use, Extent extent, const WrongVariant& variant)
      : use_(use), extent_(extent), variant_(variant) {}

  std::optional<std::vector<std::uint8_t>> pack(const Layout& layout, Extent extent,
                                                std::span<const int> codes) override {
    if (!concerns(layout, extent, Direction::packs)) return std::nullopt;
    return plumb::pack(variant_, extent, codes);
  }
  std::optional<std::vector<int>> unpack(const Layout& layout, Extent extent,
                                         std::span<const std::uint8_t> bytes) override {
    if (!concerns(layout, extent, Direction::unpacks)) return std::nullopt;
    return plumb::unpack(variant_, extent, bytes);
  }

 private:
  [[nodiscard]] bool concerns(const Layout& layout, Extent extent, Direction direction) const {
    return layout.name == use_.layout && direction == use_.direction && extent == extent_;
  }

  const Use& use_;
  Extent extent_;
  const WrongVariant& variant_;
};

std::map<Use, std::vector<Extent>> uses_of(const Op& op, const Problem& problem) {
  const Watcher watcher;
  (void)op.evaluate(problem);
  return watcher.uses();
}

// Codes read with a loop or a trick that is wrong, from what they really are.
using Misread = std::vector<int> (*)(const Layout&, Extent, std::span<const std::uint8_t>);

class Misreading : public LayoutStandIn {
 public:
  explicit Misreading(Misread misread) : misread_(misread) {}
  std::optional<std::vector<std::uint8_t>> pack(const Layout&, Extent, std::span<const int>) override {
    return std::nullopt;
  }
  std::optional<std::vector<int>> unpack(const Layout& layout, Extent extent,
                                         std::span<const std::uint8_t> bytes) override {
    if (layout.bits != 4) return std::nullopt;
    return misread_(layout, extent, bytes);
  }

 private:
  Misread misread_;
};

// Where the code of (row, column) lies, as a number of nibbles from the first.
std::int64_t nibble_of(const Layout& layout, Extent extent, std::int64_t row, std::int64_t column) {
  const BitPosition at = layout.position(row, column, 0, layout.padded(extent));
  return at.byte * 2 + at.bit / 4;
}

int code_at(const Layout& layout, std::span<const std::uint8_t> bytes, std::int64_t nibble) {
  const auto byte = static_cast<std::size_t>(nibble / 2);
  const unsigned stored = byte < bytes.size() ? bytes[byte] >> nibble % 2 * 4 & 15U : 0U;
  return layout.decode(stored);
}

template <typename Place>
std::vector<int> read_at(const Layout& layout, Extent extent, std::span<const std::uint8_t> bytes, Place place) {
  std::vector<int> codes;
  for (std::int64_t i = 0; i < extent.rows * extent.columns; ++i) {
    codes.push_back(code_at(layout, bytes, place(i / extent.columns, i % extent.columns)));
  }
  return codes;
}

// (x - 0x08080808) of four nibbles spread over a word as one subtraction of 32 bits: a lane that becomes negative
// borrows from the next.
std::vector<int> borrowing(const Layout& layout, Extent extent, std::span<const std::uint8_t> bytes) {
  std::vector<int> codes;
  for (std::int64_t i = 0; i < extent.rows * extent.columns; ++i) {
    const std::int64_t nibble = nibble_of(layout, extent, i / extent.columns, i % extent.columns);
    const std::int64_t lane = nibble / 2 % 4;
    int borrow = 0, code = 0;
    for (std::int64_t j = 0; j <= lane; ++j) {
      code = code_at(layout, bytes, nibble - 2 * (lane - j)) - borrow;
      borrow = code < 0 ? 1 : 0;
    }
    codes.push_back(code);
  }
  return codes;
}

// The whole byte taken for the code in its low half.
std::vector<int> not_masked(const Layout& layout, Extent extent, std::span<const std::uint8_t> bytes) {
  std::vector<int> codes;
  for (std::int64_t i = 0; i < extent.rows * extent.columns; ++i) {
    const std::int64_t nibble = nibble_of(layout, extent, i / extent.columns, i % extent.columns);
    const int high = bytes[static_cast<std::size_t>(nibble / 2)] >> 4;
    codes.push_back(code_at(layout, bytes, nibble) + (nibble % 2 == 0 ? 16 * high : 0));
  }
  return codes;
}

// Beyond whole tiles of columns, one byte forward for every code.
template <int tile>
std::vector<int> byte_steps_in_tail(const Layout& layout, Extent extent, std::span<const std::uint8_t> bytes) {
  return read_at(layout, extent, bytes, [&](std::int64_t row, std::int64_t column) {
    const std::int64_t whole = extent.columns / tile * tile;
    if (column < whole) return nibble_of(layout, extent, row, column);
    return nibble_of(layout, extent, row, whole) / 2 * 2 + 2 * (column - whole) + column % 2;
  });
}

// Rows as far apart as those of what is made of them, which has the columns as rows.
std::vector<int> strides_of_result(const Layout& layout, Extent extent, std::span<const std::uint8_t> bytes) {
  return read_at(layout, extent, bytes, [&](std::int64_t row, std::int64_t column) {
    return row * extent.rows + nibble_of(layout, extent, 0, column);
  });
}

// Four codes at a time, four bytes forward after each, where they take two.
std::vector<int> byte_steps(const Layout& layout, Extent extent, std::span<const std::uint8_t> bytes) {
  return read_at(layout, extent, bytes, [&](std::int64_t row, std::int64_t column) {
    const std::int64_t nibble = nibble_of(layout, extent, row, column);
    return nibble / 4 * 8 + nibble % 4;
  });
}

constexpr std::pair<const char*, Misread> kMisreadings[] = {
    {"a borrow crosses lanes: 8 is subtracted from packed bytes as one word, and a negative code lowers the next",
     borrowing},
    {"low code not masked: the high one of its byte is added, 16 times", not_masked},
    {"a byte forward for every code, which takes half of one, beyond whole tiles of 8 columns", byte_steps_in_tail<8>},
    {"a byte forward for every code, which takes half of one, beyond whole tiles of 32 columns",
     byte_steps_in_tail<32>},
    {"rows read as far apart as those of the result, N codes; they are K codes apart", strides_of_result},
    {"four codes loaded at a time, four bytes forward after each; they take two", byte_steps},
};

}  // namespace

Mistakes layout_mistakes(const Op& op, const Problem& problem) {
  Mistakes mistakes;
  for (const auto& [use, extents] : uses_of(op, problem)) {
    for (const Extent& extent : extents) {
      if (extent.rows * extent.columns > kMostCodes) continue;
      for (WrongVariant& variant : wrong_variants(layout_named(use.layout), extent)) {
        const auto kept = std::make_shared<const WrongVariant>(std::move(variant));
        mistakes.push_back({use.layout + " " + kept->sentence, [=](const Op& of, const Problem& right) {
                              const Mistaken stand_in(use, extent, *kept);
                              return of.evaluate(right);
                            }});
      }
    }
  }
  return mistakes;
}

Mistakes reading_mistakes(const Op& op, const Problem& problem) {
  Mistakes mistakes;
  const auto uses = uses_of(op, problem);
  const bool unpacks = std::ranges::any_of(uses, [](const auto& use) {
    return use.first.direction == Direction::unpacks && layout_named(use.first.layout).bits == 4;
  });
  if (!unpacks) return mistakes;
  for (const auto& [sentence, misread] : kMisreadings) {
    mistakes.push_back({sentence, [misread = misread](const Op& of, const Problem& right) {
                          const Misreading stand_in(misread);
                          return of.evaluate(right);
                        }});
  }
  return mistakes;
}

}  // namespace plumb
