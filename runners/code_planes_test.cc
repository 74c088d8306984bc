// Weights of three and six bits plane by plane, on every instruction set that this machine can run.
#include "runners/code_planes.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "reference/layout/layouts.h"
#include "runners/byte_lanes.h"
#include "runners/testing/on_every_target.h"
#include "runners/tile_program.h"

namespace plumb {
namespace {

TEST(ByteLanes, AreTakenApartAndPutTogether) {
  on_every_target([] {
    for (const std::int64_t threes : {0, 1, 15, 16, 17, 64, 131, 200}) {
      std::vector<std::uint8_t> bytes, expected;
      for (std::int64_t i = 0; i < 3 * threes; ++i) bytes.push_back(static_cast<std::uint8_t>(i * i + 7));
      for (std::int64_t i = 0; i < 3 * threes; ++i) {
        expected.push_back(bytes[static_cast<std::size_t>(i % threes * 3 + i / threes)]);
      }
      std::vector<std::uint8_t> lanes(bytes.size()), again(bytes.size());
      take_lanes_apart(bytes.data(), threes, lanes.data());
      EXPECT_EQ(lanes, expected) << threes;
      put_lanes_together(lanes.data(), threes, again.data());
      EXPECT_EQ(again, bytes) << threes;
    }
  });
}

std::vector<int> some_codes(int bits, Extent extent) {
  std::vector<int> codes;
  for (std::int64_t i = 0; i < extent.rows * extent.columns; ++i) {
    codes.push_back(static_cast<int>((i * i + i / 11) % (1 << bits)));
  }
  return codes;
}

// Slabs in any order; the last one has fewer rows.
void expect_moved(const Layout& from, const Layout& to, Extent extent) {
  const auto planes = PlaneMove::plan(from, to, 0, extent);
  ASSERT_TRUE(planes) << from.name << " to " << to.name;
  EXPECT_GT(planes->count(), 1);
  const std::vector<int> codes = some_codes(from.bits, extent);
  const std::vector<std::uint8_t> packed = pack(from, extent, codes), expected = pack(to, extent, codes);
  for (const bool bypasses_cache : {false, true}) {
    std::vector<std::uint8_t> got(expected.size());
    for (std::int64_t slab = planes->count() - 1; slab >= 0; --slab) {
      planes->move(slab, std::as_bytes(std::span(packed)), std::as_writable_bytes(std::span(got)), bypasses_cache);
    }
    EXPECT_EQ(got, expected) << from.name << " to " << to.name;
  }
}

TEST(PlaneMove, MovesEveryPairOfCodesInSeveralPieces) {
  on_every_target(can_move_tiles, [] {
    for (const char* width : {"3", "6"}) {
      const Layout& units = layout_named(std::string("openvino.u") + width);
      const Layout& shards = layout_named(std::string("torchao.uintx") + width);
      for (const Extent extent : {Extent{37, 2048}, Extent{70, 1096}, Extent{20, 4096}}) {
        expect_moved(units, shards, extent);
        expect_moved(shards, units, extent);
      }
    }
  });
}

// What goes another way: bytes that stay as they are, codes that change, codes in one piece, and padding.
TEST(PlaneMove, IsForNoOthers) {
  const Layout &units = layout_named("openvino.u3"), &shards = layout_named("torchao.uintx3");
  EXPECT_FALSE(PlaneMove::plan(units, units, 0, {64, 512}));
  EXPECT_FALSE(PlaneMove::plan(units, shards, 1, {64, 512}));
  EXPECT_FALSE(PlaneMove::plan(units, shards, 0, {64, 509}));
  EXPECT_FALSE(PlaneMove::plan(units, shards, 0, {0, 512}));
  EXPECT_FALSE(PlaneMove::plan(layout_named("nncf.u4"), layout_named("torchao.uintx4"), 0, {64, 512}));
}

}  // namespace
}  // namespace plumb
