// Reading JSON strictly: each value knows its place, and an error names it as a JSON pointer (RFC 6901).
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "reference/error.h"

namespace plumb {

/// Parses a whole text. Throws plumb::Error with line, column and the pointer of the value being read.
[[nodiscard]] nlohmann::json parse_json(std::string_view text);

/// A JSON value and the way to it. Borrows the value and its parent node: both must outlive it.
/// Every accessor throws plumb::Error if the value is missing or of another type; no value is ever converted.
class JsonNode {
 public:
  explicit JsonNode(const nlohmann::json& root) : value_(root) {}

  [[nodiscard]] JsonNode field(std::string_view name) const;
  [[nodiscard]] JsonNode element(std::size_t index) const;
  [[nodiscard]] std::size_t array_size() const;
  [[nodiscard]] bool is_null() const { return value_.is_null(); }

  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::int64_t integer() const;
  [[nodiscard]] std::uint64_t natural() const;
  [[nodiscard]] double number() const;  ///< A number, or one of the words of json_number.h.
  [[nodiscard]] bool boolean() const;

  /// read(*this), with this node's pointer put before the message of a plumb::Error.
  template <class Read>
  [[nodiscard]] auto checked(Read read) const {
    try {
      return read(*this);
    } catch (const Error& error) {
      refuse(error.what());
    }
  }

  /// Throws if this object has a field that is not named here.
  void refuse_fields_except(const std::vector<std::string_view>& names) const;

  /// Throws plumb::Error: "results: /records/3/outcome: MESSAGE".
  [[noreturn]] void refuse(const std::string& message) const;

 private:
  JsonNode(const nlohmann::json& value, const JsonNode& parent, std::string_view name, std::size_t index)
      : value_(value), parent_(&parent), name_(name), index_(index) {}
  [[nodiscard]] std::string pointer() const;
  [[noreturn]] void wrong_type(const char* expected) const;

  const nlohmann::json& value_;
  const JsonNode* parent_ = nullptr;
  std::string_view name_;  ///< Of a field; null data() for an element.
  std::size_t index_ = 0;
};

}  // namespace plumb
