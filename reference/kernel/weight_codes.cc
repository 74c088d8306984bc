#include "reference/kernel/weight_codes.h"

#include <algorithm>
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
