// Every step of a tile program, and whole programs, on every instruction set that this machine can run.
#include "runners/tile_program.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "reference/error.h"
#include "reference/layout/layouts.h"
#include "runners/repack.h"
#include "runners/testing/on_every_target.h"

namespace plumb {
namespace {

std::vector<std::uint8_t> numbers(std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(i * 37 + i / 256 * 11);
  return bytes;
}

// What tiles, one behind the other, become.
std::vector<std::uint8_t> moved(const TileProgram& program, const std::vector<std::uint8_t>& from, bool* good) {
  const std::int64_t tile = kBlockBytes << program.block_bits;
  std::vector<std::int64_t> offsets;
  for (std::int64_t offset = 0; offset < tile; offset += kBlockBytes) offsets.push_back(offset);
  std::vector<std::uint8_t> to(from.size());
  *good = move_tiles(program, {from.data(), to.data(), offsets.data(), offsets.data(), tile, tile,
                               static_cast<std::int64_t>(from.size()) / tile});
  return to;
}

// Seven tiles of so many blocks after those steps, of which byte i of a tile must be expected(tile, i).
void expect_moved(int block_bits, const std::vector<TileStep>& steps,
                  const std::function<int(std::span<const std::uint8_t> tile, std::size_t i)>& expected) {
  const std::size_t tile_bytes = std::size_t{kBlockBytes} << block_bits;
  const auto from = numbers(7 * tile_bytes);
  on_every_target(can_move_tiles, [&] {
    bool good = false;
    const auto to = moved(make_tile_program(block_bits, steps), from, &good);
    EXPECT_TRUE(good);
    for (std::size_t i = 0; i < from.size(); ++i) {
      const auto tile = std::span(from).subspan(i / tile_bytes * tile_bytes, tile_bytes);
      ASSERT_EQ(to[i], expected(tile, i % tile_bytes)) << i;
    }
  });
}

TEST(TileProgram, ChangesBytes) {
  TileStep map{TileStep::Kind::map}, flip{.kind = TileStep::Kind::flip, .mask = 0x88};
  for (std::size_t i = 0; i < 16; ++i) {
    map.low[i] = static_cast<std::uint8_t>(15 - i);
    map.high[i] = static_cast<std::uint8_t>(i << 4);
  }
  const TileStep add{.kind = TileStep::Kind::add, .mask = 200};
  for (const int block_bits : {0, 1, 2, 3, 5}) {
    expect_moved(block_bits, {}, [](auto tile, std::size_t i) { return tile[i]; });
    expect_moved(block_bits, {map}, [](auto tile, std::size_t i) { return tile[i] ^ 15; });
    expect_moved(block_bits, {flip, map}, [](auto tile, std::size_t i) { return tile[i] ^ 0x87; });
    expect_moved(block_bits, {add}, [](auto tile, std::size_t i) { return (tile[i] + 200) % 256; });
  }
}

TEST(TileProgram, PermutesBytesInsideBlocks) {
  std::array<int, kByteBits> from_bit{0, 1, 2, 3, 4, 5};
  do {
    expect_moved(1, {permute_step(from_bit)}, [&](auto tile, std::size_t i) {
      std::size_t from = i & 64;
      for (int bit = 0; bit < kByteBits; ++bit) from |= (i >> bit & 1) << from_bit[bit];
      return tile[from];
    });
  } while (std::ranges::next_permutation(from_bit).found && !testing::Test::HasFailure());
}

// With each bit of the block's number, so that they are done in registers and in more passes than one.
TEST(TileProgram, InterleavesAndExchangesCodes) {
  for (const int bit : {0, 1, 2, 3, 4}) {
    const std::size_t distance = std::size_t{64} << bit;
    const TileStep interleave{.kind = TileStep::Kind::interleave, .block_bit = bit};
    expect_moved(5, {interleave}, [&](auto tile, std::size_t i) {
      const std::size_t first = i & ~distance & ~std::size_t{15}, from = i % 16 / 2 + ((i & distance) != 0 ? 8 : 0);
      return tile[first + from + i % 2 * distance];
    });
    for (const auto& [mask, shift] : {std::pair(0x0F, 4), std::pair(0x33, 2), std::pair(0x55, 1)}) {
      const TileStep exchange{
          .kind = TileStep::Kind::butterfly, .block_bit = bit, .mask = static_cast<std::uint8_t>(mask), .shift = shift};
      expect_moved(5, {exchange}, [&, mask = mask, shift = shift](auto tile, std::size_t i) {
        const int a = tile[i & ~distance], b = tile[i | distance];
        return (i & distance) == 0 ? (a & mask) | (b & mask) << shift : (a >> shift & mask) | (b & ~mask & 255);
      });
    }
  }
}

TEST(TileProgram, DividesStepsIntoPasses) {
  std::vector<TileStep> steps;
  for (int bit = 0; bit < 5; ++bit) steps.push_back({.kind = TileStep::Kind::interleave, .block_bit = bit});
  const TileProgram program = make_tile_program(5, steps);
  ASSERT_EQ(program.passes.size(), 2U);
  for (const TilePass& pass : program.passes) {
    EXPECT_EQ(pass.bits, kRegisterBits);
    EXPECT_EQ(pass.together.size(), 32U);
    for (const TileStep& step : pass.steps) EXPECT_LT(step.block_bit, kRegisterBits);
  }
  // What is done together differs in bits 0 to 3, and then in bit 4 and, to fill registers up, 0 to 2.
  EXPECT_EQ(program.passes[0].together[15], 15);
  EXPECT_EQ(program.passes[1].together[15], 23);
}

TEST(TileProgram, Refuses) {
  TileProgram program = make_tile_program(0, {{.kind = TileStep::Kind::flip, .mask = 0x0F}});
  program.checks = true;
  program.refused_high[9] = 255;
  TileProgram moving = make_tile_program(1, {{.kind = TileStep::Kind::interleave}});
  moving.checks_bytes = true;
  moving.most = 0x80;
  const std::vector<std::uint8_t> from(4 * 64, 0x23);
  on_every_target(can_move_tiles, [&] {
    for (std::size_t bad = 0; bad <= from.size(); ++bad) {
      auto bytes = from;
      if (bad < from.size()) bytes[bad] = 0x9A;
      bool good = false;
      const auto to = moved(program, bytes, &good);
      EXPECT_EQ(good, bad == from.size()) << bad;
      EXPECT_TRUE(!good || to == std::vector<std::uint8_t>(from.size(), 0x2C));
      (void)moved(moving, bytes, &good);
      EXPECT_EQ(good, bad == from.size()) << bad;
    }
  });
}

TEST(TileProgram, RepacksOnEveryTarget) {
  const Extent extent{140, 392};
  on_every_target(can_move_tiles, [&] {
    for (const char* from_name : {"torchao.plain_int32", "et_vk.w_4x8_nc", "plumb.rows_8", "torchao.uintx4"}) {
      for (const char* to_name : {"et_vk.q4gsw", "et_vk.q4_linear_kc", "aten.int4_default", "torchao.uintx4"}) {
        const Layout &from = layout_named(from_name), &to = layout_named(to_name);
        std::vector<int> codes;
        for (int i = 0; i < 140 * 392; ++i)
          codes.push_back(from.min_code() + static_cast<int>(std::int64_t{i} * i / 3 % 16));
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
  const std::size_t blocks = 1024;
  const auto from = numbers(blocks * 64 + 64);
  const std::vector<std::int64_t> offsets = {0};
  on_every_target(can_move_tiles, [&] {
    for (const std::size_t start : {0U, 1U, 17U, 63U}) {
      std::vector<std::uint8_t> to(from.size(), 0xEE);
      TileRun run{from.data() + 3, to.data() + start, offsets.data(), offsets.data(), 64, 64, 1023};
      run.bypasses_cache = true;
      EXPECT_TRUE(move_tiles(make_tile_program(0, {}), run));
      EXPECT_TRUE(std::equal(to.begin() + static_cast<std::ptrdiff_t>(start),
                             to.begin() + static_cast<std::ptrdiff_t>(start + 1023 * 64), from.begin() + 3));
      EXPECT_EQ(std::ranges::count(to, 0xEE), std::ranges::count(std::span(from).subspan(3, 1023 * 64), 0xEE) +
                                                  static_cast<std::ptrdiff_t>(from.size() - 1023 * 64));
    }
  });
}

}  // namespace
}  // namespace plumb
