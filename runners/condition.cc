#include "runners/condition.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <vector>

namespace plumb {
namespace {

// A comparison that all failing cases satisfy, and which of the passing ones do as well.
struct Part {
  std::string text;
  std::vector<bool> passing;  // those that satisfy it, too

  [[nodiscard]] std::int64_t left() const { return std::ranges::count(passing, true); }
};

constexpr int kMostParts = 6;

using Holds = std::function<bool(std::int64_t)>;

class Search {
 public:
  Search(const Op& op, std::span<const Instance> instances) : op_(op) {
    for (const Instance& instance : instances) (instance.fails ? failing_ : passing_).push_back(&instance);
  }

  [[nodiscard]] Condition run() {
    Condition condition{"", std::ssize(failing_), std::ssize(passing_)};
    if (failing_.empty() || passing_.empty()) return condition;
    for (const Size& size : op_.sizes) add_number(size.name);
    for (const Param& param : op_.params) {
      if (param.kind == Param::Kind::integer) {
        add_number(param.name);
      } else {
        add_words(param);
      }
    }
    std::ranges::stable_sort(parts_, {}, &Part::left);
    condition.text = smallest_conjunction();
    return condition;
  }

 private:
  [[nodiscard]] static std::optional<std::int64_t> value(const Instance& instance, const std::string& name) {
    const auto found = instance.values.find(name);
    return found == instance.values.end() ? std::nullopt : std::optional(found->second);
  }

  void add(const std::string& name, std::string text, const Holds& holds) {
    const auto satisfies = [&](const Instance* instance) {
      const auto v = value(*instance, name);
      return v.has_value() && holds(*v);
    };
    if (!std::ranges::all_of(failing_, satisfies)) return;
    Part part{std::move(text), {}};
    for (const Instance* instance : passing_) part.passing.push_back(satisfies(instance));
    if (part.left() < std::ssize(passing_)) parts_.push_back(std::move(part));
  }

  // Bounds in round numbers where they tell the same cases apart: the passing value next to the failing ones.
  void add_number(const std::string& name) {
    std::set<std::int64_t> wrong, right;
    for (const Instance* instance : failing_) {
      if (const auto v = value(*instance, name)) wrong.insert(*v);
    }
    for (const Instance* instance : passing_) {
      if (const auto v = value(*instance, name)) right.insert(*v);
    }
    if (wrong.empty()) return;
    for (std::int64_t tile = 2; tile <= 256; tile *= 2) {
      add(name, fmt::format("{} % {} != 0", name, tile), [=](std::int64_t v) { return v % tile != 0; });
      add(name, fmt::format("{} % {} == 0", name, tile), [=](std::int64_t v) { return v % tile == 0; });
    }
    const std::int64_t low = *wrong.begin(), high = *wrong.rbegin();
    if (low == high) add(name, fmt::format("{} == {}", name, low), [=](std::int64_t v) { return v == low; });
    const auto below = right.lower_bound(low);
    if (below != right.begin()) {
      const std::int64_t limit = *std::prev(below);
      add(name, fmt::format("{} > {}", name, limit), [=](std::int64_t v) { return v > limit; });
    }
    add(name, fmt::format("{} <= {}", name, high), [=](std::int64_t v) { return v <= high; });
  }

  void add_words(const Param& param) {
    for (const std::int64_t chosen : param.values) {
      const bool flag = param.kind == Param::Kind::flag;
      const std::string is = flag ? (chosen != 0 ? param.name : "!" + param.name)
                                  : fmt::format("{} == {}", param.name, param.text(chosen));
      add(param.name, is, [=](std::int64_t v) { return v == chosen; });
      if (!flag) {
        add(param.name, fmt::format("{} != {}", param.name, param.text(chosen)),
            [=](std::int64_t v) { return v != chosen; });
      }
    }
  }

  // Whether no passing case satisfies all parts.
  [[nodiscard]] bool separates(std::initializer_list<const Part*> parts) const {
    for (std::size_t i = 0; i < passing_.size(); ++i) {
      if (std::ranges::all_of(parts, [&](const Part* part) { return part->passing[i]; })) return false;
    }
    return true;
  }

  [[nodiscard]] std::string smallest_conjunction() const {
    for (const Part& a : parts_) {
      if (separates({&a})) return a.text;
    }
    for (const Part& a : parts_) {
      for (const Part& b : parts_) {
        if (separates({&a, &b})) return a.text + " && " + b.text;
      }
    }
    return greedy_conjunction();
  }

  // Of more parts not the smallest: the one that leaves fewest passing cases, then the one that leaves fewest of these.
  [[nodiscard]] std::string greedy_conjunction() const {
    std::vector<bool> left(passing_.size(), true);
    const auto left_by = [&](const Part& part) {
      std::int64_t count = 0;
      for (std::size_t i = 0; i < left.size(); ++i) count += left[i] && part.passing[i] ? 1 : 0;
      return count;
    };
    std::string text;
    for (int parts = 0; parts < kMostParts && !parts_.empty(); ++parts) {
      const Part& best = *std::ranges::min_element(parts_, {}, left_by);
      for (std::size_t i = 0; i < left.size(); ++i) left[i] = left[i] && best.passing[i];
      text += (text.empty() ? "" : " && ") + best.text;
      if (std::ranges::count(left, true) == 0) return text;
    }
    return "";
  }

  const Op& op_;
  std::vector<const Instance*> failing_, passing_;
  std::vector<Part> parts_;
};

}  // namespace

Condition condition_of(const Op& op, std::span<const Instance> instances) { return Search(op, instances).run(); }

}  // namespace plumb
