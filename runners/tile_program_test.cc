// Every step of a tile program, and whole programs, on every instruction set that this machine can run.
#include "runners/tile_program.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <functional>

#include "reference/error.h"
#include "reference/layout/layouts.h"
#include "runners/repack.h"

namespace plumb {
namespace {

// Runs `test` once for each instruction set.
void on_every_target(const std::function<void()>& test) {
  int targets = 0;
  for (std::int64_t left = hwy::SupportedTargets(); left != 0; left &= left - 1) {
    hwy::SetSupportedTargetsForTest(left & -left);
    SCOPED_TRACE(hwy::TargetName(left & -left));
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    targets += can_move_tiles() ? 1 : 0;
    if (can_move_tiles()) test();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  EXPECT_GT(targets, 0);
}

std::vector<std::uint8_t> numbers(std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(i * 37 + i / 256 * 11);
  return bytes;
}

// What seven tiles of two blocks, one behind the other, become.
std::vector<std::uint8_t> moved(const TileProgram& program, const std::vector<std::uint8_t>& from, bool* good) {
  const std::vector<std::int64_t> offsets = {0, 16};
  std::vector<std::uint8_t> to(from.size());
  const std::int64_t tile = kBlockBytes << program.block_bits;
  *good = move_tiles(program, {from.data(), to.data(), offsets.data(), offsets.data(), tile, tile,
                               static_cast<std::int64_t>(from.size()) / tile});
  return to;
}

TEST(TileProgram, ShufflesInterleavesAndExchangesNibbles) {
  TileStep shuffle{TileStep::Kind::shuffle}, interleave{TileStep::Kind::interleave}, nibbles{TileStep::Kind::butterfly};
  for (std::size_t i = 0; i < 16; ++i) shuffle.low[i] = static_cast<std::uint8_t>(i * 5 % 16);
  nibbles.mask = 0x0F;
  nibbles.shift = 4;
  const auto from = numbers(7 * 32);
  on_every_target([&] {
    bool good = false;
    const auto shuffled = moved({1, {shuffle}}, from, &good), zipped = moved({1, {interleave}}, from, &good);
    const auto exchanged = moved({1, {nibbles}}, from, &good);
    EXPECT_TRUE(good);
    for (std::size_t i = 0; i < from.size(); ++i) {
      const std::size_t tile = i / 32 * 32, in = i % 32, block = i / 16 * 16;
      EXPECT_EQ(shuffled[i], from[block + i % 16 * 5 % 16]);
      EXPECT_EQ(zipped[i], from[tile + in / 2 + in % 2 * 16]);
      const std::uint8_t first = from[tile + i % 16], second = from[tile + 16 + i % 16];
      EXPECT_EQ(exchanged[i], in < 16 ? (first & 15) | (second & 15) << 4 : first >> 4 | (second & 0xF0));
    }
  });
}

TEST(TileProgram, MapsAndRefuses) {
  TileProgram program;
  TileStep map{TileStep::Kind::map};
  for (std::size_t i = 0; i < 16; ++i) {
    map.low[i] = static_cast<std::uint8_t>(15 - i);
    map.high[i] = static_cast<std::uint8_t>(i << 4);
  }
  program.steps = {map};
  program.checks = true;
  program.refused_high[9] = 255;
  std::vector<std::uint8_t> from(5 * 16, 0x23);
  on_every_target([&] {
    for (std::size_t bad = 0; bad <= from.size(); ++bad) {
      auto bytes = from;
      if (bad < from.size()) bytes[bad] = 0x9A;
      bool good = false;
      const auto to = moved(program, bytes, &good);
      EXPECT_EQ(good, bad == from.size()) << bad;
      EXPECT_TRUE(!good || to == std::vector<std::uint8_t>(from.size(), 0x2C));
    }
  });
}

TEST(TileProgram, RepacksOnEveryTarget) {
  const Extent extent{70, 200};
  on_every_target([&] {
    for (const char* from_name : {"torchao.plain_int32", "et_vk.w_4x8_nc", "plumb.rows_32", "torchao.uintx4"}) {
      for (const char* to_name : {"et_vk.q4gsw", "et_vk.q4_linear_kc", "aten.int4_default", "torchao.uintx4"}) {
        const Layout &from = layout_named(from_name), &to = layout_named(to_name);
        std::vector<int> codes;
        for (int i = 0; i < 70 * 200; ++i) codes.push_back(from.min_code() + i * i / 3 % 16);
        const auto packed = pack(from, extent, codes);
        RepackRequest request{&from, &to, "in", "out"};
        request.add = to.min_code() - from.min_code();
        std::vector<std::uint8_t> got(static_cast<std::size_t>(to.size_bytes(extent)));
        ASSERT_TRUE(
            repack_codes(request, extent, std::as_bytes(std::span(packed)), std::as_writable_bytes(std::span(got))));
        for (int& code : codes) code += request.add;
        EXPECT_EQ(got, pack(to, extent, codes)) << from_name << " to " << to_name;
      }
    }
  });
}

// Large enough to be written around the cache; beginning anywhere.
TEST(TileProgram, MovesLargeStretchesThatBeginAnywhere) {
  const std::size_t blocks = 4096;
  const auto from = numbers(blocks * 16 + 64);
  const std::vector<std::int64_t> offsets = {0};
  on_every_target([&] {
    for (const std::size_t start : {0U, 1U, 17U, 63U}) {
      std::vector<std::uint8_t> to(from.size(), 0xEE);
      const TileRun run{from.data() + 3, to.data() + start, offsets.data(), offsets.data(), 16, 16, 4095, true};
      EXPECT_TRUE(move_tiles({}, run));
      EXPECT_TRUE(std::equal(to.begin() + static_cast<std::ptrdiff_t>(start),
                             to.begin() + static_cast<std::ptrdiff_t>(start + 4095 * 16), from.begin() + 3));
      EXPECT_EQ(std::ranges::count(to, 0xEE), std::ranges::count(std::span(from).subspan(3, 4095 * 16), 0xEE) +
                                                  static_cast<std::ptrdiff_t>(from.size() - 4095 * 16));
    }
  });
}

}  // namespace
}  // namespace plumb
