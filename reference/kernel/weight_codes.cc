#include "reference/kernel/weight_codes.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "reference/error.h"
#include "reference/layout/code_rows.h"
#include "reference/layout/layouts.h"
#include "reference/layout/stand_in.h"

namespace plumb {
namespace {

std::span<const std::uint8_t> bytes_of(const Tensor& tensor) {
  return {static_cast<const std::uint8_t*>(static_cast<const void*>(tensor.bytes().data())), tensor.bytes().size()};
}

WeightCodes read_as(const Layout& layout, Extent extent, std::span<const std::uint8_t> bytes) {
  return {extent,
          [=, &layout](std::int64_t first, std::span<int> codes) { read_rows(layout, extent, bytes, first, codes); }};
}

}  // namespace

WeightCodes::Matrix WeightCodes::middle_rows(std::int64_t first, std::int64_t count) const {
  if (!read_) return all_.middleRows(first, count);
  Matrix rows(count, cols());
  std::vector<int> codes(static_cast<std::size_t>(rows.size()));
  read_(first, codes);
  std::ranges::copy(codes, rows.data());
  return rows;
}

WeightCodes codes_of(std::string_view layout, Extent extent, const Tensor& packed) {
  const Layout& known = layout_named(layout);
  const std::span<const std::uint8_t> bytes = bytes_of(packed);
  const bool is_whole = static_cast<std::int64_t>(bytes.size()) == known.size_bytes(extent);
  if (is_whole && LayoutStandIn::current() == nullptr) return read_as(known, extent, bytes);
  WeightCodes::Matrix all(extent.rows, extent.columns);
  std::ranges::copy(unpack(known, extent, bytes), all.data());
  return all;
}

WeightCodes flat_codes_of(std::string_view layout, Extent extent, const Tensor& packed) {
  const Layout& known = layout_named(layout);
  PLUMB_CHECK(packed.size_bytes() * 8 >= extent.rows * extent.columns * known.bits);
  return read_as(known, extent, bytes_of(packed));
}

WeightCodes transposed(const WeightCodes& codes) {
  constexpr std::int64_t kRowsTogether = 64;  // so much of a column is written at once
  const Extent turned{codes.cols(), codes.rows()};
  const auto all = std::make_shared<std::vector<std::int16_t>>(static_cast<std::size_t>(turned.rows * turned.columns));
  for (std::int64_t first = 0; first < codes.rows(); first += kRowsTogether) {
    const std::int64_t count = std::min(kRowsTogether, codes.rows() - first);
    const WeightCodes::Matrix rows = codes.middle_rows(first, count);
    for (std::int64_t k = 0; k < codes.cols(); ++k) {
      std::int16_t* to = all->data() + k * turned.columns + first;
      for (std::int64_t n = 0; n < count; ++n) to[n] = static_cast<std::int16_t>(rows(n, k));
    }
  }
  return {turned, [all, turned](std::int64_t first, std::span<int> read) {
            std::copy_n(all->begin() + first * turned.columns, read.size(), read.begin());
          }};
}

WeightCodes integers_of(const Tensor& tensor, Extent extent) {
  return {extent, [&tensor, extent](std::int64_t first, std::span<int> codes) {
            if (tensor.dtype() == DType::i8) {  // of the largest weights
              const std::byte* bytes = tensor.bytes().data() + first * extent.columns;
              std::transform(bytes, bytes + codes.size(), codes.begin(),
                             [](std::byte byte) { return static_cast<std::int8_t>(byte); });
              return;
            }
            for (std::size_t i = 0; i < codes.size(); ++i) {
              codes[i] = static_cast<int>(tensor.at(first * extent.columns + static_cast<std::int64_t>(i)));
            }
          }};
}

}  // namespace plumb
