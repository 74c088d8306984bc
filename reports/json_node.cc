#include "reports/json_node.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reports/json_number.h"

namespace plumb {
namespace {

using nlohmann::json;

/// "~" and "/" are written "~0" and "~1" in a pointer's token (RFC 6901, section 3).
std::string pointer_token(std::string_view name) {
  std::string token = "/";
  for (const char letter : name) {
    if (letter == '~')
      token += "~0";
    else if (letter == '/')
      token += "~1";
    else
      token += letter;
  }
  return token;
}

/// Walks a malformed text to learn where it breaks: the path of open containers, and the parser's own message.
class BreakFinder : public nlohmann::json_sax<json> {
 public:
  bool null() override { return value(); }
  bool boolean(bool) override { return value(); }
  bool number_integer(number_integer_t) override { return value(); }
  bool number_unsigned(number_unsigned_t) override { return value(); }
  bool number_float(number_float_t, const string_t&) override { return value(); }
  bool string(string_t&) override { return value(); }
  bool binary(binary_t&) override { return value(); }
  bool start_object(std::size_t) override { return open(false); }
  bool start_array(std::size_t) override { return open(true); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    path_.back().token = pointer_token(name);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const json::exception& error) override {
    message_ = error.what();
    return false;
  }

  [[nodiscard]] std::string message() const {
    std::string pointer;
    for (const Level& level : path_) pointer += level.is_array ? "/" + std::to_string(level.index) : level.token;
    // nlohmann: "[json.exception.parse_error.101] parse error at line 1, column 7: …"
    const std::size_t at = message_.find("] ");
    const std::string detail = at == std::string::npos ? message_ : message_.substr(at + 2);
    return "results: " + (pointer.empty() ? "(root)" : pointer) + ": not JSON, or cut off: " + detail;
  }

 private:
  struct Level {
    bool is_array;
    std::size_t index = 0;
    std::string token = {};
  };

  bool value() {
    if (!path_.empty()) ++path_.back().index;
    return true;
  }
  bool open(bool is_array) {
    path_.push_back({is_array});
    return true;
  }
  bool close() {
    path_.pop_back();
    return value();
  }

  std::vector<Level> path_;
  std::string message_ = "unknown error";
};

}  // namespace

json parse_json(std::string_view text) {
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!value.is_discarded()) return value;
  BreakFinder finder;
  (void)json::sax_parse(text, &finder);
  throw Error(finder.message());
}

JsonNode JsonNode::field(std::string_view name) const {
  if (!value_.is_object()) wrong_type("an object");
  const auto at = value_.find(name);
  if (at == value_.end()) refuse("field \"" + std::string(name) + "\" is missing");
  return {*at, *this, name, 0};
}

JsonNode JsonNode::element(std::size_t index) const {
  PLUMB_CHECK(value_.is_array() && index < value_.size());
  return {value_[index], *this, {}, index};
}

std::size_t JsonNode::array_size() const {
  if (!value_.is_array()) wrong_type("an array");
  return value_.size();
}

std::string JsonNode::text() const {
  if (!value_.is_string()) wrong_type("a string");
  return value_.get<std::string>();
}

std::int64_t JsonNode::integer() const {
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!value_.is_number_integer()) wrong_type("an integer");
  if (value_.is_number_unsigned() && value_.get<std::uint64_t>() > kLargest) refuse("does not fit 64 bits with a sign");
  return value_.get<std::int64_t>();
}

std::uint64_t JsonNode::natural() const {
  if (!value_.is_number_unsigned()) wrong_type("an integer from 0 to 2^64 - 1");
  return value_.get<std::uint64_t>();
}

double JsonNode::number() const {
  if (value_.is_number()) return value_.get<double>();
  const auto special = value_.is_string() ? number_from_word(value_.get<std::string>()) : std::nullopt;
  if (!special) wrong_type("a number, \"inf\", \"-inf\" or \"nan\"");
  return *special;
}

bool JsonNode::boolean() const {
  if (!value_.is_boolean()) wrong_type("true or false");
  return value_.get<bool>();
}

void JsonNode::refuse_fields_except(const std::vector<std::string_view>& names) const {
  if (!value_.is_object()) wrong_type("an object");
  for (const auto& [name, value] : value_.items())
    if (std::find(names.begin(), names.end(), name) == names.end()) refuse("unknown field \"" + name + "\"");
}

std::string JsonNode::pointer() const {
  if (parent_ == nullptr) return "";
  return parent_->pointer() + (name_.data() != nullptr ? pointer_token(name_) : "/" + std::to_string(index_));
}

void JsonNode::refuse(const std::string& message) const {
  const std::string place = pointer();
  throw Error("results: " + (place.empty() ? "(root)" : place) + ": " + message);
}

void JsonNode::wrong_type(const char* expected) const {
  constexpr std::size_t kShown = 40;
  if (value_.is_structured()) refuse(std::string("expected ") + expected + ", got an " + value_.type_name());
  std::string got = value_.dump(-1, ' ', true, json::error_handler_t::replace);
  if (got.size() > kShown) got = got.substr(0, kShown) + "…";
  refuse(std::string("expected ") + expected + ", got " + got);
}

}  // namespace plumb
