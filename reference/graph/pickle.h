// Python pickles as torch.save writes them, read without executing anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plumb::graph {

/// What a pickle says, as data: globals stay names, calls stay a callable and its arguments. Values refer to each other
/// by position, so that what the pickle memoises is one value however often it is used, and a container that holds
/// itself does no harm.
class Pickle {
 public:
  enum class Kind { none, boolean, integer, text, global, tuple, list, dict, call, persistent };
  struct Value {
    Kind kind = Kind::none;
    std::int64_t integer = 0;  ///< Of boolean and integer.
    std::string text = {};     ///< Of text; of global "module name", with one blank.
    /// Of tuple and list the items, of dict keys and values in turn, of call the callable and a tuple, of persistent
    /// its identifier.
    std::vector<int> items = {};
  };

  /// Reads protocol 2 with the opcodes that torch.save writes for tensors. Throws Error naming the byte for any other
  /// opcode, and for a pickle that ends early, goes on after its end or contradicts itself, and naming the global for
  /// one that `globals` does not list.
  Pickle(std::span<const std::byte> bytes, std::span<const std::string_view> globals);

  [[nodiscard]] int root() const { return root_; }
  [[nodiscard]] const Value& at(int value) const { return values_[static_cast<std::size_t>(value)]; }
  /// The value as the kind that it has to be. Throws Error naming `what`.
  [[nodiscard]] std::int64_t integer(int value, std::string_view what) const;
  [[nodiscard]] const std::string& text(int value, std::string_view what) const;
  [[nodiscard]] const std::string& global(int value, std::string_view what) const;
  /// A tuple of `count` items.
  [[nodiscard]] const std::vector<int>& tuple(int value, std::size_t count, std::string_view what) const;
  [[nodiscard]] std::vector<std::int64_t> integers(int value, std::string_view what) const;
  /// A dict whose keys are texts.
  [[nodiscard]] std::vector<std::pair<std::string, int>> dict(int value, std::string_view what) const;
  /// Whether it is a call of a global.
  [[nodiscard]] bool calls(int value, std::string_view global) const;
  /// The arguments of such a call. Throws Error naming the global if it is none.
  [[nodiscard]] const std::vector<int>& arguments(int value, std::string_view global, std::size_t count) const;

 private:
  friend class PickleMachine;
  std::vector<Value> values_;
  int root_ = -1;
};

}  // namespace plumb::graph
