// Repacking by tiles is what the index maps say, for every pair of layouts of one width.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <vector>

#include "reference/error.h"
#include "reference/layout/layouts.h"
#include "runners/repack.h"
#include "runners/row_slabs.h"
#include "runners/tile_plan.h"

namespace plumb {
namespace {

bool fills_bytes(const Layout& layout, Extent extent) {
  const Extent padded = layout.padded(extent);
  return padded.rows * padded.columns * layout.bits % 8 == 0;
}

// Sizes on both sides of blocks, tiles and spans; often round ones.
Extent draw_extent(const Layout& from, const Layout& to) {
  const std::int64_t rows =
      *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(1, 300), rc::gen::element<std::int64_t>(32, 64, 128, 264));
  Extent extent{rows, *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(1, 600),
                                      rc::gen::element<std::int64_t>(64, 96, 256, 512, 520, 1032))};
  while (!fills_bytes(from, extent) || !fills_bytes(to, extent)) ++extent.columns;
  return extent;
}

std::vector<int> draw_codes(const Layout& layout, Extent extent) {
  std::vector<int> codes(static_cast<std::size_t>(extent.rows * extent.columns));
  std::uint64_t state = *rc::gen::arbitrary<std::uint64_t>() | 1U;
  for (int& code : codes) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    code = layout.min_code() + static_cast<int>(state >> 33) % (1 << layout.bits);
  }
  return codes;
}

// The result, or what is refused.
std::optional<std::vector<std::uint8_t>> repacked(const RepackRequest& request, Extent extent,
                                                  const std::vector<std::uint8_t>& bytes, std::string* refusal) {
  std::vector<std::uint8_t> got(static_cast<std::size_t>(request.to->size_bytes(extent)));
  try {
    RC_ASSERT(repack_codes(request, extent, std::as_bytes(std::span(bytes)), std::as_writable_bytes(std::span(got))));
    return got;
  } catch (const Error& error) {
    *refusal = error.what();
    return std::nullopt;
  }
}

void check_pair(const Layout& from, const Layout& to) {
  RC_LOG(from.name + " to " + to.name);
  const Extent extent = draw_extent(from, to);
  RC_LOG(std::to_string(extent.rows) + " x " + std::to_string(extent.columns));
  std::vector<int> codes = draw_codes(from, extent);
  RepackRequest request{&from, &to, "in", "out"};
  request.threads = *rc::gen::inRange(1, 4);
  request.add = *rc::gen::element(to.min_code() - from.min_code(), 0, 1);
  if (*rc::gen::arbitrary<bool>()) {
    for (int& code : codes) code = std::clamp(code, to.min_code() - request.add, to.max_code() - request.add);
    for (int& code : codes) code = std::clamp(code, from.min_code(), from.max_code());
  }
  std::string refusal;
  const auto got = repacked(request, extent, pack(from, extent, codes), &refusal);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const int code = codes[i] + request.add;
    if (code >= to.min_code() && code <= to.max_code()) continue;
    RC_ASSERT(!got);
    const std::string first = "the code " + std::to_string(code) + " at [" +
                              std::to_string(static_cast<std::int64_t>(i) / extent.columns) + ", " +
                              std::to_string(static_cast<std::int64_t>(i) % extent.columns) + "]";
    RC_ASSERT(refusal.find(first) != std::string::npos);
    return;
  }
  for (int& code : codes) code += request.add;
  RC_ASSERT(got);
  RC_ASSERT(*got == pack(to, extent, codes));
}

RC_GTEST_PROP(RepackProperties, EveryPairOfOneWidthIsRepackedCodeByCode, ()) {
  const auto layouts = all_layouts();
  const Layout& from = layouts[*rc::gen::inRange<std::size_t>(0, layouts.size())];
  std::vector<const Layout*> others;
  for (const Layout& to : layouts) {
    if (from.bits == to.bits) others.push_back(&to);
  }
  // Some of many: every one is met in the course of a hundred draws.
  for (int i = 0; i < 4; ++i) check_pair(from, *others[*rc::gen::inRange<std::size_t>(0, others.size())]);
}

// A weight that is repacked some rows at a time is what it is when repacked at once.
TEST(RowSlabs, AreWeightsOfTheirOwn) {
  int pairs = 0;
  for (const Extent extent : {Extent{200, 256}, Extent{130, 72}}) {
    for (const Layout& from : all_layouts()) {
      const Layout& to = from.bits == 4 ? layout_named("plumb.rows_8") : from;
      const auto slabs = row_slabs(from, to, extent, 1);
      if (!slabs) continue;
      ++pairs;
      ASSERT_EQ(slabs->rows, 64);
      std::vector<int> codes;
      for (std::int64_t i = 0; i < extent.rows * extent.columns; ++i) {
        codes.push_back(from.min_code() + static_cast<int>(i * i / 5 % (1 << from.bits)));
      }
      const std::vector<std::uint8_t> whole = pack(from, extent, codes);
      for (std::int64_t slab = 0; slab < slabs->count; ++slab) {
        const std::int64_t first = slab * slabs->rows, rows = std::min(slabs->rows, extent.rows - first);
        const std::vector<int> own(codes.begin() + first * extent.columns,
                                   codes.begin() + (first + rows) * extent.columns);
        const std::vector<std::uint8_t> alone = pack(from, {rows, extent.columns}, own);
        ASSERT_TRUE(std::equal(alone.begin(), alone.end(), whole.begin() + slab * slabs->from_bytes)) << from.name;
      }
    }
  }
  EXPECT_GT(pairs, 40);
  // Blocks of rows innermost, and shards behind each other.
  for (const char* name : {"et_vk.w_4x8_nc", "et_vk.q4_transposed", "torchao.uintx3"}) {
    EXPECT_FALSE(row_slabs(layout_named(name), layout_named(name), {256, 256}, 1)) << name;
  }
}

// Which pairs are moved by tiles is no accident: all but those of codes in several pieces.
TEST(RepackPlan, TakesEveryPairOfWholePieces) {
  const Extent extent{256, 512};
  int planned = 0;
  for (const Layout& from : all_layouts()) {
    for (const Layout& to : all_layouts()) {
      if (from.bits != to.bits) continue;
      const auto plan = plan_tiles(from, to, to.min_code() - from.min_code(), extent);
      const bool whole = from.bits == 1 || from.bits == 2 || from.bits == 4 || from.bits == 8;
      EXPECT_EQ(plan.has_value(), whole) << from.name << " to " << to.name;
      if (!plan) continue;
      ++planned;
      for (std::int64_t row = 0; row < extent.rows; ++row) {
        EXPECT_TRUE(plan->columns_left(row).empty()) << from.name << " to " << to.name << ", row " << row;
      }
    }
  }
  EXPECT_GT(planned, 100);
}

// Where a weight is no multiple of tiles, the last ones are moved back into it, as far as bytes allow.
TEST(RepackPlan, LeavesLittleOfRaggedWeights) {
  const Extent extent{264, 776};
  for (const Layout& from : all_layouts()) {
    for (const Layout& to : all_layouts()) {
      const bool ends_otherwise = from.name.starts_with("aten") || to.name.starts_with("aten");
      // Strides of a padded row are not those of the weight.
      const bool strides = from.name.starts_with("torchao.uintx") || to.name.starts_with("torchao.uintx");
      if (from.bits != 4 || to.bits != 4 || ends_otherwise) continue;
      if (strides && from.padded(extent) != to.padded(extent)) continue;
      const auto plan = plan_tiles(from, to, to.min_code() - from.min_code(), extent);
      ASSERT_TRUE(plan) << from.name << " to " << to.name;
      std::int64_t left = 0;
      for (std::int64_t row = 0; row < extent.rows; ++row) {
        for (const ColumnRange range : plan->columns_left(row)) left += range.end - range.first;
      }
      // plumb.rows_8 has 8 columns beyond its last chunk of 128.
      EXPECT_LE(left, 8 * extent.rows) << from.name << " to " << to.name;
    }
  }
}

}  // namespace
}  // namespace plumb
