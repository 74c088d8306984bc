// Dividing the steps of a tile program into passes.
#include <algorithm>
#include <utility>

#include "reference/error.h"
#include "runners/tile_program.h"

namespace plumb {
namespace {

bool joins_blocks(const TileStep& step) {
  return step.kind == TileStep::Kind::interleave || step.kind == TileStep::Kind::butterfly;
}

// Fills up the bits that a pass works on, as more blocks at a time cost less each, and numbers the blocks.
TilePass finished(std::vector<TileStep> steps, std::vector<int> bits, int block_bits) {
  for (int bit = 0; bit < block_bits && std::ssize(bits) < kRegisterBits; ++bit) {
    if (std::ranges::find(bits, bit) == bits.end()) bits.push_back(bit);
  }
  std::ranges::sort(bits);
  TilePass pass{std::move(steps), static_cast<int>(bits.size()), {}};
  for (TileStep& step : pass.steps) {
    if (joins_blocks(step)) step.block_bit = static_cast<int>(std::ranges::find(bits, step.block_bit) - bits.begin());
  }
  std::vector<int> others;
  for (int bit = 0; bit < block_bits; ++bit) {
    if (std::ranges::find(bits, bit) == bits.end()) others.push_back(bit);
  }
  bits.insert(bits.end(), others.begin(), others.end());
  for (std::int64_t i = 0; i < std::int64_t{1} << block_bits; ++i) {
    std::int64_t number = 0;
    for (std::size_t bit = 0; bit < bits.size(); ++bit) number |= (i >> bit & 1) << bits[bit];
    pass.together.push_back(number);
  }
  return pass;
}

}  // namespace

bool TileProgram::keeps_places() const {
  if (block_bits > 0 || passes.size() != 1 || passes[0].steps.size() > 1) return false;
  return std::ranges::all_of(passes[0].steps, [](const TileStep& step) {
    return step.kind == TileStep::Kind::map || step.kind == TileStep::Kind::flip || step.kind == TileStep::Kind::add;
  });
}

TileProgram make_tile_program(int block_bits, const std::vector<TileStep>& steps) {
  PLUMB_CHECK(block_bits <= kMostBlockBits);
  TileProgram program;
  program.block_bits = block_bits;
  std::vector<TileStep> taken;
  std::vector<int> bits;
  for (const TileStep& step : steps) {
    if (joins_blocks(step) && std::ranges::find(bits, step.block_bit) == bits.end()) {
      if (std::ssize(bits) == kRegisterBits) {
        program.passes.push_back(finished(std::exchange(taken, {}), std::exchange(bits, {}), block_bits));
      }
      bits.push_back(step.block_bit);
    }
    taken.push_back(step);
  }
  program.passes.push_back(finished(std::move(taken), std::move(bits), block_bits));
  return program;
}

}  // namespace plumb
