#include "impls/cpu/checked_pieces.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <vector>

#include "impls/cpu/parallel.h"
#include "reference/error.h"

namespace plumb::cpu {

void run_checked(const Call& call, std::int64_t pieces, const std::function<Piece(std::int64_t)>& piece_of,
                 const std::function<void(std::int64_t)>& body) {
  const DType dtype = call.input_dtype(0);
  const std::byte* in = call.input<std::byte>(0).data();
  std::byte* out = call.output<std::byte>().data();
  const Limits limits = call.limits(0);
  const auto size = static_cast<std::size_t>(call.output_count() * info(call.output_dtype()).size_bytes);
  const auto before = std::make_unique_for_overwrite<std::byte[]>(size);
  std::vector<char> written(static_cast<std::size_t>(pieces));
  std::atomic<bool> legal = true;
  parallel_ranges(pieces, call.threads(), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last && legal; ++i) {
      const Piece piece = piece_of(i);
      const std::byte* elements = in + piece.first_element * info(dtype).size_bytes;
      if (!all_within(dtype, elements, piece.element_count, limits, 1)) {
        legal = false;
        return;
      }
      std::memcpy(before.get() + piece.first_byte, out + piece.first_byte, static_cast<std::size_t>(piece.byte_count));
      body(i);
      written[static_cast<std::size_t>(i)] = 1;
    }
  });
  if (legal) return;
  for (std::int64_t i = 0; i < pieces; ++i) {
    const Piece piece = piece_of(i);
    if (written[static_cast<std::size_t>(i)] == 0) continue;
    std::memcpy(out + piece.first_byte, before.get() + piece.first_byte, static_cast<std::size_t>(piece.byte_count));
  }
  call.check_limits();  // says which element it is
  PLUMB_CHECK(false);
}

}  // namespace plumb::cpu
