#include "reference/layout/wrong_variants.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "reference/error.h"

namespace plumb {
namespace {

constexpr BitPosition kNowhere{-1, 0};

using Element = std::pair<std::int64_t, std::int64_t>;  // row, column

// A layout and the extent that the mistakes are derived for.
struct Declared {
  const Layout& layout;
  Extent extent, padded;
  std::int64_t size_bytes;

  [[nodiscard]] BitPosition at(std::int64_t row, std::int64_t column, int bit = 0) const {
    return layout.position(row, column, bit, padded);
  }
};

using Mistake = std::optional<WrongVariant> (*)(const Declared&);

std::string field_word(const Layout& layout) {
  return layout.bits == 4 ? "nibble" : layout.bits == 1 ? "bit" : "field";
}

// "bits 4 to 7", or "the high nibble".
std::string place_text(const Layout& layout, int bit) {
  if (layout.bits == 4) return bit == 0 ? "the low nibble" : "the high nibble";
  return layout.bits == 1 ? fmt::format("bit {}", bit) : fmt::format("the field at bit {}", bit);
}

WrongVariant repositioned(const Declared& d, std::string sentence, BitMap position) {
  WrongVariant variant{std::move(sentence), d.layout};
  variant.layout.position = std::move(position);
  return variant;
}

// Another element is found where an element should be.
WrongVariant exchanged(const Declared& d, std::string sentence,
                       std::function<Element(std::int64_t, std::int64_t)> other) {
  return repositioned(d, std::move(sentence),
                      [base = d.layout.position, other = std::move(other)](std::int64_t row, std::int64_t column,
                                                                           int bit, Extent padded) {
                        const auto [r, c] = other(row, column);
                        return base(r, c, bit, padded);
                      });
}

WrongVariant decoded_as(const Declared& d, std::string sentence, Encoding encoding, int misread_by) {
  WrongVariant variant{std::move(sentence), d.layout, misread_by};
  variant.layout.encoding = encoding;
  return variant;
}

// ---- within a byte and a word ----

// The lowest bit and the width of the piece of a code that lies together in a byte.
std::pair<int, int> piece_of(const BitMap& position, Element element, int bit, int bits, Extent padded) {
  const auto at = [&](int b) { return position(element.first, element.second, b, padded); };
  const auto joined = [&](int b) { return at(b).byte == at(b + 1).byte && at(b).bit + 1 == at(b + 1).bit; };
  int low = bit, high = bit;
  while (low > 0 && joined(low - 1)) --low;
  while (high + 1 < bits && joined(high)) ++high;
  return {at(low).bit, high - low + 1};
}

std::optional<WrongVariant> fields_reversed(const Declared& d) {
  if (d.layout.bits == 8) return std::nullopt;
  const auto turned = [base = d.layout.position, bits = d.layout.bits](std::int64_t row, std::int64_t column, int bit,
                                                                       Extent padded) {
    const auto [low, width] = piece_of(base, {row, column}, bit, bits, padded);
    const BitPosition at = base(row, column, bit, padded);
    return BitPosition{at.byte, 8 - width - low + (at.bit - low)};
  };
  const BitPosition right = d.at(0, 0), wrong = turned(0, 0, 0, d.padded);
  return repositioned(d,
                      fmt::format("{}s swapped: w[0,0] is in {} of byte {}, not in {}", field_word(d.layout),
                                  place_text(d.layout, right.bit), right.byte, place_text(d.layout, wrong.bit)),
                      turned);
}

std::optional<WrongVariant> words_reversed(const Declared& d) {
  if (d.size_bytes % 4 != 0) return std::nullopt;
  return repositioned(d, "bytes of each 32-bit word in reverse order: words are little-endian, not big-endian",
                      [base = d.layout.position](std::int64_t row, std::int64_t column, int bit, Extent padded) {
                        const BitPosition at = base(row, column, bit, padded);
                        return BitPosition{at.byte ^ 3, at.bit};
                      });
}

// ---- encoding ----

std::optional<WrongVariant> taken_as_unsigned(const Declared& d) {
  const int last = (1 << d.layout.bits) - 1, half = 1 << (d.layout.bits - 1);
  switch (d.layout.encoding) {
    case Encoding::offset_binary:
      return decoded_as(d, fmt::format("offset missing: {} is not subtracted from the stored 0 … {}", half, last),
                        Encoding::unsigned_binary, 0);
    case Encoding::twos_complement:
      return decoded_as(
          d, fmt::format("sign extension missing: stored {} … {} mean {} … -1", half, last, d.layout.min_code()),
          Encoding::unsigned_binary, 0);
    case Encoding::unsigned_binary:
      return std::nullopt;
  }
  PLUMB_CHECK(false);
}

std::optional<WrongVariant> taken_as_twos_complement(const Declared& d) {
  if (d.layout.bits == 1 || d.layout.encoding == Encoding::twos_complement) return std::nullopt;
  const bool offset = d.layout.encoding == Encoding::offset_binary;
  return decoded_as(d,
                    offset ? "offset binary read as two's complement: the top bit is no sign, 2^(bits-1) is subtracted"
                           : "sign extension of unsigned codes: the top bit is no sign",
                    Encoding::twos_complement, 0);
}

std::optional<WrongVariant> taken_as_offset_binary(const Declared& d) {
  if (d.layout.encoding == Encoding::offset_binary) return std::nullopt;
  const int half = 1 << (d.layout.bits - 1);
  const char* is = d.layout.encoding == Encoding::unsigned_binary ? "unsigned" : "two's complement";
  return decoded_as(d, fmt::format("{} subtracted though the codes are {}", half, is), Encoding::offset_binary, 0);
}

std::optional<WrongVariant> offset_off_by(const Declared& d, int by) {
  if (d.layout.encoding != Encoding::offset_binary) return std::nullopt;
  const int half = 1 << (d.layout.bits - 1);
  return decoded_as(d, fmt::format("offset {} instead of {}", half - by, half), Encoding::offset_binary, by);
}

std::optional<WrongVariant> offset_too_small(const Declared& d) { return offset_off_by(d, 1); }
std::optional<WrongVariant> offset_too_large(const Declared& d) { return offset_off_by(d, -1); }

// ---- order of elements ----

std::optional<WrongVariant> transposed(const Declared& d) {
  const Extent turned = d.layout.padded({d.extent.columns, d.extent.rows});
  return repositioned(
      d, fmt::format("rows and columns exchanged: packed as [K, N] = [{}, {}]", turned.rows, turned.columns),
      [base = d.layout.position, turned](std::int64_t row, std::int64_t column, int bit, Extent) {
        return base(column, row, bit, turned);
      });
}

std::optional<WrongVariant> stride_without_padding(const Declared& d) {
  if (d.extent == d.padded) return std::nullopt;
  return repositioned(d,
                      fmt::format("stride without padding: {} x {} taken, {} x {} is stored", d.extent.rows,
                                  d.extent.columns, d.padded.rows, d.padded.columns),
                      [base = d.layout.position, extent = d.extent](std::int64_t row, std::int64_t column, int bit,
                                                                    Extent) { return base(row, column, bit, extent); });
}

// Columns of the smallest tile of `rows` rows whose codes lie in one run of bytes; 0 if there is none.
std::int64_t tile_columns(const Declared& d, std::int64_t rows) {
  for (std::int64_t columns = 1; columns <= std::min<std::int64_t>(d.padded.columns, 32); columns *= 2) {
    std::int64_t low = INT64_MAX, high = -1;
    for (std::int64_t i = 0; i < rows * columns; ++i) {
      const std::int64_t byte = d.at(i / columns, i % columns).byte;
      low = std::min(low, byte);
      high = std::max(high, byte);
    }
    if ((high - low + 1) * 8 == rows * columns * d.layout.bits) return columns;
  }
  return 0;
}

std::int64_t tile_rows(const Layout& layout) { return std::max(layout.row_multiple, layout.block_rows); }

std::optional<WrongVariant> blocks_in_other_order(const Declared& d) {
  const std::int64_t rows = tile_rows(d.layout);
  if (d.padded.rows % rows != 0) return std::nullopt;
  const std::int64_t columns = tile_columns(d, rows);
  if (columns == 0 || d.padded.columns % columns != 0) return std::nullopt;
  const std::int64_t down = d.padded.rows / rows, across = d.padded.columns / columns;
  const bool across_innermost = across > 1 && d.at(0, columns).byte < (down > 1 ? d.at(rows, 0).byte : INT64_MAX);
  const auto other = [=](std::int64_t row, std::int64_t column) {
    const std::int64_t i = row / rows, j = column / columns;
    const std::int64_t place = across_innermost ? j * down + i : i * across + j;
    const Element block =
        across_innermost ? Element{place / across, place % across} : Element{place % down, place / down};
    return Element{block.first * rows + row % rows, block.second * columns + column % columns};
  };
  return exchanged(d,
                   fmt::format("blocks of {} x {} in the other order: those of one {} follow each other", rows, columns,
                               across_innermost ? "row of blocks" : "column of blocks"),
                   other);
}

std::optional<WrongVariant> row_pairs_swapped(const Declared& d) {
  const std::int64_t whole = d.padded.rows / 2 * 2;
  return exchanged(d, "rows 2i and 2i + 1 swapped", [whole](std::int64_t r, std::int64_t c) {
    return Element{r < whole ? r ^ 1 : r, c};
  });
}

std::optional<WrongVariant> column_pairs_swapped(const Declared& d) {
  const std::int64_t whole = d.padded.columns / 2 * 2;
  return exchanged(d, "columns 2i and 2i + 1 swapped", [whole](std::int64_t r, std::int64_t c) {
    return Element{r, c < whole ? c ^ 1 : c};
  });
}

// How far apart the codes of byte 0 are, along rows or columns; 0 if they do not lie along that axis.
std::int64_t stride_in_byte(const Declared& d, bool along_rows) {
  const BitPosition first = d.at(0, 0);
  for (std::int64_t i = 1; i < (along_rows ? d.padded.rows : d.padded.columns); ++i) {
    const BitPosition at = along_rows ? d.at(i, 0) : d.at(0, i);
    if (at.byte == first.byte) return i;
  }
  return 0;
}

// Strided codes of a byte taken for neighbours, or neighbours for strided ones.
std::optional<WrongVariant> other_stride(const Declared& d) {
  if (8 % d.layout.bits != 0 || d.layout.bits == 8) return std::nullopt;
  const std::int64_t fields = 8 / d.layout.bits;
  const bool along_rows = stride_in_byte(d, false) == 0;
  const std::int64_t stride = stride_in_byte(d, along_rows), count = along_rows ? d.padded.rows : d.padded.columns;
  if (stride == 0) return std::nullopt;
  const std::int64_t tile = along_rows ? tile_rows(d.layout) : count, apart = stride > 1 ? stride : tile / fields;
  const std::int64_t block = apart * fields;
  if (apart < 2 || count % block != 0) return std::nullopt;
  const auto moved = [=](std::int64_t i) {
    const std::int64_t in = i % block, first = i - in;
    return first + (stride > 1 ? in % fields * apart + in / fields : in % apart * fields + in / apart);
  };
  const std::string sentence = stride > 1 ? fmt::format("a byte taken to hold neighbouring {}s; they lie {} apart",
                                                        along_rows ? "row" : "column", apart)
                                          : fmt::format("a byte taken to hold {}s {} apart; they are neighbours",
                                                        along_rows ? "row" : "column", apart);
  return exchanged(d, sentence, [=](std::int64_t r, std::int64_t c) {
    return along_rows ? Element{moved(r), c} : Element{r, moved(c)};
  });
}

// ---- what is left out ----

std::optional<WrongVariant> without(const Declared& d, std::string sentence, Extent kept) {
  if (kept.rows == 0 || kept.columns == 0) return std::nullopt;
  return repositioned(d, std::move(sentence),
                      [base = d.layout.position, kept](std::int64_t row, std::int64_t column, int bit, Extent padded) {
                        return row < kept.rows && column < kept.columns ? base(row, column, bit, padded) : kNowhere;
                      });
}

std::optional<WrongVariant> last_columns_missing(const Declared& d) {
  const std::int64_t kept = d.extent.columns / d.layout.column_multiple * d.layout.column_multiple;
  if (kept == d.extent.columns) return std::nullopt;
  return without(d, fmt::format("last partial block missing: columns {} … {} are ignored", kept, d.extent.columns - 1),
                 {d.extent.rows, kept});
}

std::optional<WrongVariant> last_rows_missing(const Declared& d) {
  const std::int64_t kept = d.extent.rows / tile_rows(d.layout) * tile_rows(d.layout);
  if (kept == d.extent.rows) return std::nullopt;
  return without(d, fmt::format("last partial block missing: rows {} … {} are ignored", kept, d.extent.rows - 1),
                 {kept, d.extent.columns});
}

// The most likely first.
constexpr Mistake kMistakes[] = {
    fields_reversed,       taken_as_unsigned,      taken_as_twos_complement, taken_as_offset_binary, offset_too_small,
    offset_too_large,      stride_without_padding, last_columns_missing,     last_rows_missing,      words_reversed,
    blocks_in_other_order, other_stride,           row_pairs_swapped,        column_pairs_swapped,   transposed,
};

// Where a variant finds everything, and as what it takes it. Nothing if it leaves the weight's bytes.
using View = std::vector<std::pair<std::int64_t, int>>;

std::optional<View> view_of(const Layout& layout, int misread_by, const Declared& d) {
  View view = {{static_cast<std::int64_t>(layout.encoding), misread_by}};
  for (std::int64_t row = 0; row < d.extent.rows; ++row) {
    for (std::int64_t column = 0; column < d.extent.columns; ++column) {
      for (int bit = 0; bit < layout.bits; ++bit) {
        const BitPosition at = layout.position(row, column, bit, d.padded);
        if (at.byte >= d.size_bytes || at.bit < 0 || at.bit > 7 || (at.byte < 0 && at.byte != kNowhere.byte)) {
          return std::nullopt;
        }
        view.emplace_back(at.byte, at.bit);
      }
    }
  }
  return view;
}

}  // namespace

std::vector<WrongVariant> wrong_variants(const Layout& layout, Extent extent) {
  std::vector<WrongVariant> variants;
  if (extent.rows == 0 || extent.columns == 0) return variants;
  const Declared declared{layout, extent, layout.padded(extent), layout.size_bytes(extent)};
  std::vector<View> seen = {view_of(layout, 0, declared).value()};
  for (const Mistake mistake : kMistakes) {
    std::optional<WrongVariant> variant = mistake(declared);
    if (!variant) continue;
    const auto view = view_of(variant->layout, variant->misread_by, declared);
    if (!view || std::ranges::find(seen, *view) != seen.end()) continue;
    seen.push_back(*view);
    variants.push_back(*std::move(variant));
  }
  return variants;
}

std::vector<std::uint8_t> pack(const WrongVariant& variant, Extent extent, std::span<const int> codes) {
  const Layout& layout = variant.layout;
  const Extent padded = layout.padded(extent);
  const auto size = static_cast<std::size_t>(layout.size_bytes(extent));
  std::vector<std::uint8_t> bytes(size), written(size);
  const auto write = [&](std::int64_t row, std::int64_t column, int code, bool overwrite) {
    const unsigned stored = layout.encode(code - variant.misread_by);
    for (int bit = 0; bit < layout.bits; ++bit) {
      const BitPosition at = layout.position(row, column, bit, padded);
      const auto byte = static_cast<std::size_t>(at.byte);
      if (at.byte < 0 || byte >= size || (!overwrite && (written[byte] >> at.bit & 1U) != 0)) continue;
      bytes[byte] |= static_cast<std::uint8_t>((stored >> bit & 1U) << at.bit);
      written[byte] |= static_cast<std::uint8_t>(1U << at.bit);
    }
  };
  for (std::int64_t i = 0; i < std::ssize(codes); ++i) {
    write(i / extent.columns, i % extent.columns, codes[static_cast<std::size_t>(i)], true);
  }
  for (std::int64_t i = 0; i < padded.rows * padded.columns; ++i) {
    const std::int64_t row = i / padded.columns, column = i % padded.columns;
    if (row >= extent.rows || column >= extent.columns) write(row, column, layout.padding_code, false);
  }
  return bytes;
}

std::vector<int> unpack(const WrongVariant& variant, Extent extent, std::span<const std::uint8_t> bytes) {
  const Layout& layout = variant.layout;
  const Extent padded = layout.padded(extent);
  std::vector<int> codes;
  codes.reserve(static_cast<std::size_t>(extent.rows * extent.columns));
  for (std::int64_t i = 0; i < extent.rows * extent.columns; ++i) {
    unsigned stored = 0;
    bool looked_at = true;
    for (int bit = 0; bit < layout.bits && looked_at; ++bit) {
      const BitPosition at = layout.position(i / extent.columns, i % extent.columns, bit, padded);
      looked_at = at.byte >= 0;
      if (looked_at) stored |= (bytes[static_cast<std::size_t>(at.byte)] >> at.bit & 1U) << bit;
    }
    codes.push_back(looked_at ? layout.decode(stored) + variant.misread_by : 0);
  }
  return codes;
}

}  // namespace plumb
