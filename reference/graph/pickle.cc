#include "reference/graph/pickle.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "reference/error.h"

namespace plumb::graph {

// The stack machine that a pickle is a program of. Every opcode adds at most one value, so that values are bounded by
// the pickle's bytes.
class PickleMachine {
 public:
  PickleMachine(std::span<const std::byte> bytes, std::span<const std::string_view> globals, Pickle& pickle)
      : bytes_(bytes), globals_(globals), pickle_(pickle) {}

  void run() {
    if (number(1) != 0x80 || number(1) != 2) throw Error("pickle: expected protocol 2, as torch.save writes");
    for (;;) {
      const std::size_t where = at_;
      const auto opcode = static_cast<std::uint8_t>(number(1));
      if (opcode == '.') break;
      if (!literal(opcode) && !memo(opcode) && !container(opcode) && !reference(opcode)) {
        throw Error(fmt::format("pickle: opcode 0x{:02x} at byte {} is none that torch.save writes", opcode, where));
      }
    }
    pickle_.root_ = pop();
    if (!stack_.empty() || !marks_.empty()) throw Error("pickle: it ends with values left over");
    if (at_ != bytes_.size()) throw Error(fmt::format("pickle: {} bytes behind its end", bytes_.size() - at_));
  }

 private:
  using Kind = Pickle::Kind;

  std::span<const std::byte> take(std::uint64_t size) {
    if (size > bytes_.size() - at_) throw Error(fmt::format("pickle: it ends within the item at byte {}", at_));
    const auto taken = bytes_.subspan(at_, size);
    at_ += size;
    return taken;
  }
  std::uint64_t number(std::size_t size) {
    const auto taken = take(size);
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | std::to_integer<std::uint64_t>(taken[i]);
    return value;
  }
  // Two's complement of `size` bytes.
  std::int64_t signed_number(std::size_t size) {
    if (size > 8) throw Error(fmt::format("pickle: an integer of {} bytes at byte {}", size, at_));
    if (size == 0) return 0;
    const std::size_t unused = 64 - 8 * size;
    return static_cast<std::int64_t>(number(size) << unused) >> unused;
  }
  std::string characters(std::uint64_t size) {
    const auto taken = take(size);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  std::string line() {
    const auto rest = bytes_.subspan(at_);
    const auto end = std::ranges::find(rest, std::byte{'\n'});
    const auto size = static_cast<std::size_t>(end - rest.begin());
    std::string text = characters(size);
    (void)take(1);
    return text;
  }

  void push(Pickle::Value value) {
    pickle_.values_.push_back(std::move(value));
    stack_.push_back(static_cast<int>(pickle_.values_.size()) - 1);
  }
  // What lies above the last mark cannot be consumed by what does not ask for the mark.
  int pop() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) {
      throw Error(fmt::format("pickle: nothing to take at byte {}", at_));
    }
    const int value = stack_.back();
    stack_.pop_back();
    return value;
  }
  std::vector<int> pop_many(std::size_t count) {
    std::vector<int> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    return items;
  }
  std::vector<int> pop_to_mark() {
    if (marks_.empty()) throw Error(fmt::format("pickle: no mark to go back to at byte {}", at_));
    std::vector<int> items = pop_many(stack_.size() - marks_.back());
    marks_.pop_back();
    return items;
  }

  bool literal(std::uint8_t opcode) {
    switch (opcode) {
      case 'N':
        push({Kind::none});
        return true;
      case 0x88:
        push({Kind::boolean, 1});
        return true;
      case 0x89:
        push({Kind::boolean, 0});
        return true;
      case 'K':
        push({Kind::integer, static_cast<std::int64_t>(number(1))});
        return true;
      case 'M':
        push({Kind::integer, static_cast<std::int64_t>(number(2))});
        return true;
      case 'J':
        push({Kind::integer, signed_number(4)});
        return true;
      case 0x8a:
        push({Kind::integer, signed_number(number(1))});
        return true;
      case 'X':
        push({Kind::text, 0, characters(number(4))});
        return true;
      default:
        return false;
    }
  }

  bool memo(std::uint8_t opcode) {
    if (opcode == 'q' || opcode == 'r') {
      const std::uint64_t key = number(opcode == 'q' ? 1 : 4);
      const int value = pop();
      stack_.push_back(value);
      memo_[key] = value;
      return true;
    }
    if (opcode != 'h' && opcode != 'j') return false;
    const std::uint64_t key = number(opcode == 'h' ? 1 : 4);
    const auto found = memo_.find(key);
    if (found == memo_.end()) throw Error(fmt::format("pickle: nothing is memoised as {}", key));
    stack_.push_back(found->second);
    return true;
  }

  bool container(std::uint8_t opcode) {
    switch (opcode) {
      case '(':
        marks_.push_back(stack_.size());
        return true;
      case ')':
        push({Kind::tuple});
        return true;
      case ']':
        push({Kind::list});
        return true;
      case '}':
        push({Kind::dict});
        return true;
      case 't':
        push({Kind::tuple, 0, "", pop_to_mark()});
        return true;
      case 0x85:
      case 0x86:
      case 0x87:
        push({Kind::tuple, 0, "", pop_many(opcode - 0x84U)});
        return true;
      case 'a':
        extend(Kind::list, pop_many(1));
        return true;
      case 'e':
        extend(Kind::list, pop_to_mark());
        return true;
      case 's':
        extend(Kind::dict, pop_many(2));
        return true;
      case 'u':
        extend(Kind::dict, pop_to_mark());
        return true;
      default:
        return false;
    }
  }
  void extend(Kind kind, const std::vector<int>& items) {
    const int container = pop();
    stack_.push_back(container);
    Pickle::Value& value = pickle_.values_[static_cast<std::size_t>(container)];
    if (value.kind != kind || (kind == Kind::dict && items.size() % 2 != 0)) {
      throw Error(fmt::format("pickle: items for what cannot hold them at byte {}", at_));
    }
    value.items.insert(value.items.end(), items.begin(), items.end());
  }

  bool reference(std::uint8_t opcode) {
    if (opcode == 'c') {
      std::string module = line();
      std::string name = module + " " + line();
      if (std::ranges::find(globals_, name) == globals_.end()) {
        throw Error(fmt::format("pickle: the global '{}' is not one that is known here", name));
      }
      push({Kind::global, 0, std::move(name)});
      return true;
    }
    if (opcode == 'Q') {
      push({Kind::persistent, 0, "", pop_many(1)});
      return true;
    }
    if (opcode != 'R') return false;
    std::vector<int> call = pop_many(2);
    if (pickle_.at(call[0]).kind != Kind::global || pickle_.at(call[1]).kind != Kind::tuple) {
      throw Error(fmt::format("pickle: a call of what is no global at byte {}", at_));
    }
    push({Kind::call, 0, "", std::move(call)});
    return true;
  }

  std::span<const std::byte> bytes_;
  std::span<const std::string_view> globals_;
  Pickle& pickle_;
  std::size_t at_ = 0;
  std::vector<int> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, int> memo_;
};

namespace {

const Pickle::Value& expected(const Pickle& pickle, int value, Pickle::Kind kind, std::string_view what) {
  const Pickle::Value& found = pickle.at(value);
  if (found.kind != kind) throw Error(fmt::format("pickle: {} has another type than expected", what));
  return found;
}

}  // namespace

Pickle::Pickle(std::span<const std::byte> bytes, std::span<const std::string_view> globals) {
  PickleMachine(bytes, globals, *this).run();
}

std::int64_t Pickle::integer(int value, std::string_view what) const {
  return expected(*this, value, Kind::integer, what).integer;
}
const std::string& Pickle::text(int value, std::string_view what) const {
  return expected(*this, value, Kind::text, what).text;
}
const std::string& Pickle::global(int value, std::string_view what) const {
  return expected(*this, value, Kind::global, what).text;
}
const std::vector<int>& Pickle::tuple(int value, std::size_t count, std::string_view what) const {
  const std::vector<int>& items = expected(*this, value, Kind::tuple, what).items;
  if (items.size() != count) {
    throw Error(fmt::format("pickle: {} has {} items; expected {}", what, items.size(), count));
  }
  return items;
}
std::vector<std::int64_t> Pickle::integers(int value, std::string_view what) const {
  std::vector<std::int64_t> numbers;
  for (const int item : expected(*this, value, Kind::tuple, what).items) numbers.push_back(integer(item, what));
  return numbers;
}
std::vector<std::pair<std::string, int>> Pickle::dict(int value, std::string_view what) const {
  const std::vector<int>& items = expected(*this, value, Kind::dict, what).items;
  std::vector<std::pair<std::string, int>> entries;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) entries.emplace_back(text(items[i], what), items[i + 1]);
  return entries;
}
bool Pickle::calls(int value, std::string_view name) const {
  return at(value).kind == Kind::call && at(at(value).items[0]).text == name;
}
const std::vector<int>& Pickle::arguments(int value, std::string_view name, std::size_t count) const {
  if (!calls(value, name)) throw Error(fmt::format("pickle: expected a call of '{}'", name));
  return tuple(at(value).items[1], count, name);
}

}  // namespace plumb::graph
