// Where ATen's CPU pack keeps 4-bit codes: blocks of rows, for each column of one its bytes of two codes.
layout(push_constant) uniform Sizes {
  uint words;  // of output
  uint rows;
  uint columns;
  uint block_rows;
  uint pairs_halves;  // whole blocks pair rows that lie half a block apart, all others neighbours
};

// The block that begins at `row`: half its rows, and whether it pairs halves.
uint pairs_of(uint row) { return min(block_rows, rows - row) / 2; }
bool has_halves(uint row) { return pairs_halves != 0 && rows - row >= block_rows; }
