#include "impls/cpu/checked_pieces.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <vector>

#include "impls/cpu/parallel.h"
#include "reference/error.h"

namespace plumb::cpu {
namespace {

// What pieces of a call's output held before they were written.
class Journal {
 public:
  Journal(const Call& call, std::int64_t pieces)
      : out_(call.output<std::byte>().data()),
        before_(std::make_unique_for_overwrite<std::byte[]>(
            static_cast<std::size_t>(call.output_count() * info(call.output_dtype()).size_bytes))),
        written_(static_cast<std::size_t>(pieces)) {}

  void set_aside(std::int64_t i, const Piece& piece) {
    copy(out_, before_.get(), piece);
    written_[static_cast<std::size_t>(i)] = 1;
  }
  void put_back(const std::function<Piece(std::int64_t)>& piece_of) const {
    for (std::size_t i = 0; i < written_.size(); ++i) {
      if (written_[i] != 0) copy(before_.get(), out_, piece_of(static_cast<std::int64_t>(i)));
    }
  }

 private:
  static void copy(const std::byte* from, std::byte* to, const Piece& piece) {
    std::memcpy(to + piece.first_byte, from + piece.first_byte, static_cast<std::size_t>(piece.byte_count));
  }

  std::byte* out_;
  std::unique_ptr<std::byte[]> before_;
  std::vector<char> written_;
};

// try_piece(i, piece, journal) is whether piece i was legal; if so it has been set aside and written.
template <typename TryPiece>
void run_pieces(const Call& call, std::int64_t pieces, const std::function<Piece(std::int64_t)>& piece_of,
                const TryPiece& try_piece) {
  Journal journal(call, pieces);
  std::atomic<bool> legal = true;
  parallel_ranges(pieces, call.threads(), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last && legal; ++i) {
      if (!try_piece(i, piece_of(i), journal)) legal = false;
    }
  });
  if (legal) return;
  journal.put_back(piece_of);
  call.check_limits();  // says which element it is
  PLUMB_CHECK(false);
}

}  // namespace

void run_checked(const Call& call, std::int64_t pieces, const std::function<Piece(std::int64_t)>& piece_of,
                 const std::function<void(std::int64_t)>& body) {
  const DType dtype = call.input_dtype(0);
  const std::byte* in = call.input<std::byte>(0).data();
  const Limits limits = call.limits(0);
  run_pieces(call, pieces, piece_of, [&](std::int64_t i, const Piece& piece, Journal& journal) {
    const std::byte* elements = in + piece.first_element * info(dtype).size_bytes;
    if (!all_within(dtype, elements, piece.element_count, limits, 1)) return false;
    journal.set_aside(i, piece);
    body(i);
    return true;
  });
}

void run_staged(const Call& call, std::int64_t pieces, const std::function<Piece(std::int64_t)>& piece_of,
                const std::function<bool(std::int64_t, std::uint8_t*)>& body) {
  std::byte* out = call.output<std::byte>().data();
  run_pieces(call, pieces, piece_of, [&](std::int64_t i, const Piece& piece, Journal& journal) {
    alignas(64) std::uint8_t staged[kStagedBytes];
    if (!body(i, staged)) return false;
    journal.set_aside(i, piece);
    std::memcpy(out + piece.first_byte, staged, static_cast<std::size_t>(piece.byte_count));
    return true;
  });
}

}  // namespace plumb::cpu
