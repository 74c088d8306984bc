#include "reference/formula.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>

#include "reference/error.h"

namespace plumb {
namespace {

// Recursive descent, one function per precedence level.
class Parser {
 public:
  Parser(std::string_view text, const Sizes& sizes) : text_(text), sizes_(sizes) {}

  std::int64_t parse() {
    const std::int64_t value = disjunction();
    skip_blanks();
    if (position_ != text_.size()) fail("unexpected text");
    return value;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw Error(fmt::format("formula '{}', column {}: {}", text_, position_ + 1, what));
  }

  void skip_blanks() {
    while (position_ < text_.size() && text_[position_] == ' ') ++position_;
  }

  bool accept(std::string_view token) {
    skip_blanks();
    // Nearly always the first character tells: a look at it is a tenth of a comparison.
    if (position_ == text_.size() || text_[position_] != token.front()) return false;
    if (!text_.substr(position_).starts_with(token)) return false;
    position_ += token.size();
    return true;
  }

  void expect(std::string_view token) {
    if (!accept(token)) fail(fmt::format("expected '{}'", token));
  }

  std::int64_t disjunction() {
    std::int64_t value = conjunction();
    while (accept("||")) value = static_cast<std::int64_t>((conjunction() != 0) | (value != 0));
    return value;
  }

  std::int64_t conjunction() {
    std::int64_t value = comparison();
    while (accept("&&")) value = static_cast<std::int64_t>((comparison() != 0) & (value != 0));
    return value;
  }

  std::int64_t comparison() {
    const std::int64_t left = sum();
    if (accept("==")) return left == sum();
    if (accept("!=")) return left != sum();
    if (accept("<=")) return left <= sum();
    if (accept(">=")) return left >= sum();
    if (accept("<")) return left < sum();
    if (accept(">")) return left > sum();
    return left;
  }

  std::int64_t sum() {
    std::int64_t value = product();
    for (;;) {
      if (accept("+")) {
        if (__builtin_add_overflow(value, product(), &value)) fail("overflow");
      } else if (accept("-")) {
        if (__builtin_sub_overflow(value, product(), &value)) fail("overflow");
      } else {
        return value;
      }
    }
  }

  std::int64_t product() {
    std::int64_t value = unary();
    for (;;) {
      if (accept("*")) {
        if (__builtin_mul_overflow(value, unary(), &value)) fail("overflow");
      } else if (accept("/")) {
        value = value / divisor(unary());
      } else if (accept("%")) {
        value = value % divisor(unary());
      } else {
        return value;
      }
    }
  }

  std::int64_t unary() {
    if (!accept("-")) return primary();
    std::int64_t value = 0;
    if (__builtin_sub_overflow(std::int64_t{0}, unary(), &value)) fail("overflow");
    return value;
  }

  std::int64_t primary() {
    skip_blanks();
    if (accept("(")) {
      const std::int64_t value = disjunction();
      expect(")");
      return value;
    }
    if (position_ >= text_.size()) fail("unexpected end");
    const auto first = static_cast<unsigned char>(text_[position_]);
    if (std::isdigit(first)) return number();
    if (std::isalpha(first) || first == '_') return name_or_call();
    fail("expected a number, a name or '('");
  }

  std::int64_t number() {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data() + position_, text_.data() + text_.size(), value);
    if (error != std::errc{}) fail("number too large");
    position_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  std::int64_t name_or_call() {
    const std::size_t start = position_;
    while (position_ < text_.size() &&
           (std::isalnum(static_cast<unsigned char>(text_[position_])) || text_[position_] == '_')) {
      ++position_;
    }
    const std::string_view name = text_.substr(start, position_ - start);
    if (accept("(")) return call(name);
    const auto size = sizes_.find(name);
    if (size == sizes_.end()) {
      position_ = start;
      fail(fmt::format("'{}' has no value", name));
    }
    return size->second;
  }

  std::int64_t call(std::string_view function) {
    const std::int64_t a = disjunction();
    expect(",");
    const std::int64_t b = divisor(disjunction());
    expect(")");
    // C's division rounds towards zero: one too low where the exact quotient is positive and not whole.
    const std::int64_t quotient = a / b + (a % b != 0 && (a < 0) == (b < 0) ? 1 : 0);
    if (function == "ceil_div") return quotient;
    if (function != "ceil_to") fail(fmt::format("function '{}' is unknown", function));
    std::int64_t value = 0;
    if (__builtin_mul_overflow(quotient, b, &value)) fail("overflow");
    return value;
  }

  std::int64_t divisor(std::int64_t value) const {
    if (value == 0) fail("division by zero");
    if (value == -1) fail("division by -1 is not needed and could overflow");
    return value;
  }

  std::string_view text_;
  const Sizes& sizes_;
  std::size_t position_ = 0;
};

}  // namespace

std::int64_t evaluate_formula(std::string_view formula, const Sizes& sizes) { return Parser(formula, sizes).parse(); }

}  // namespace plumb
