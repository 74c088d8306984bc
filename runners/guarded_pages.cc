#include "runners/guarded_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "reference/error.h"

namespace plumb {
namespace {

// Far enough that a kernel which is off by a row of a small problem is still seen.
constexpr std::size_t kUntouchableBytes = std::size_t{64} << 10;
// Blocks of more pages than this go back to the system at once.
constexpr std::size_t kMostKeptPages = 16;
// Blocks in use at a time that crash reports know of.
constexpr int kListedBlocks = 256;

std::size_t page_bytes() {
  static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

int protection(Access access) {
  switch (access) {
    case Access::all:
      return PROT_READ | PROT_WRITE;
    case Access::read_only:
      return PROT_READ;
    case Access::none:
      return PROT_NONE;
  }
  PLUMB_CHECK(false);
}

std::byte* map(std::size_t size_bytes) {
  void* mapped = mmap(nullptr, size_bytes + 2 * kUntouchableBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  std::byte* begin = static_cast<std::byte*>(mapped) + kUntouchableBytes;
  if (mprotect(begin, size_bytes, PROT_READ | PROT_WRITE) != 0) {
    munmap(mapped, size_bytes + 2 * kUntouchableBytes);
    throw std::bad_alloc();
  }
  return begin;
}

void unmap(std::byte* begin, std::size_t size_bytes) {
  munmap(begin - kUntouchableBytes, size_bytes + 2 * kUntouchableBytes);
}

std::mutex mutex;  // of all that follows, but for readers in signal handlers
std::array<std::vector<std::byte*>, kMostKeptPages + 1> kept;  // by number of pages; readable and writable

struct Listed {
  bool used;
  Block block;
  const std::byte *first, *last;  // untouchable pages included
};
std::array<Listed, kListedBlocks> listed{};

}  // namespace

Pages::Pages(std::size_t least_bytes) {
  const std::size_t count = std::max<std::size_t>((least_bytes + page_bytes() - 1) / page_bytes(), 1);
  size_bytes_ = count * page_bytes();
  if (count <= kMostKeptPages) {
    const std::lock_guard lock(mutex);
    if (!kept[count].empty()) {
      begin_ = kept[count].back();
      kept[count].pop_back();
      return;
    }
  }
  begin_ = map(size_bytes_);
}

Pages::Pages(Pages&& other) noexcept
    : begin_(std::exchange(other.begin_, nullptr)),
      size_bytes_(other.size_bytes_),
      access_(other.access_),
      place_(std::exchange(other.place_, -1)) {}

Pages::~Pages() {
  if (begin_ == nullptr) return;
  const std::lock_guard lock(mutex);
  if (place_ >= 0) listed[static_cast<std::size_t>(place_)].used = false;
  const std::size_t count = size_bytes_ / page_bytes();
  const bool keep =
      count <= kMostKeptPages && (access_ == Access::all || mprotect(begin_, size_bytes_, PROT_READ | PROT_WRITE) == 0);
  try {
    if (keep) {
      kept[count].push_back(begin_);
      return;
    }
  } catch (const std::bad_alloc&) {  // what an implementation has used up must not end its process here
  }
  unmap(begin_, size_bytes_);
}

void Pages::protect(Access access) {
  if (access == access_) return;
  PLUMB_CHECK(mprotect(begin_, size_bytes_, protection(access)) == 0);
  access_ = access;
  if (place_ >= 0) listed[static_cast<std::size_t>(place_)].block.access = access;
}

void Pages::announce(const Block& block) {
  const std::lock_guard lock(mutex);
  for (int i = 0; i < kListedBlocks; ++i) {
    Listed& slot = listed[static_cast<std::size_t>(i)];
    if (slot.used) continue;
    slot = {true, block, begin_ - kUntouchableBytes, end() + kUntouchableBytes};
    place_ = i;
    return;
  }
}

bool find_block(std::uintptr_t address, Block* block) noexcept {
  for (const Listed& slot : listed) {
    const auto first = reinterpret_cast<std::uintptr_t>(slot.first), last = reinterpret_cast<std::uintptr_t>(slot.last);
    if (!slot.used || address < first || address >= last) continue;
    *block = slot.block;
    return true;
  }
  return false;
}

}  // namespace plumb
