// From what the address bits of two layouts stand for to the program that moves a tile from one to the other.
#pragma once

#include <optional>
#include <vector>

#include "runners/address_bits.h"
#include "runners/tile_program.h"

namespace plumb {

/// The program, and what the bits of a block's number stand for before and after it.
struct CompiledTiles {
  TileProgram program;
  std::vector<WeightStep> from_blocks, to_blocks;
};

/// `steps`: all that a tile has, those of both layouts among them. Codes become code + add. Nothing if no code fits,
/// the tile has too many blocks, or too few to turn codes and bytes round in.
[[nodiscard]] std::optional<CompiledTiles> compile_tiles(const Layout& from, const Layout& to, int add,
                                                         const AddressBits& from_bits, const AddressBits& to_bits,
                                                         const std::vector<WeightStep>& steps);

}  // namespace plumb
