// Element types of the tensors of a graph, those below a byte included. One table (element.cc) holds what is known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "reference/dtype.h"

namespace plumb::graph {

/// Spelled as OpenVINO and our own messages spell them.
enum class Element { boolean, u2, u3, u4, i4, u8, i8, i16, i32, i64, f16, bf16, f32, f64 };

struct ElementInfo {
  Element element;
  std::string_view name;        ///< "u4"
  std::string_view torch_name;  ///< "uint4": in graph JSON
  std::string_view ir_name;     ///< "U4": the port precision in OpenVINO IR
  int torch_code;               ///< torch.export's ScalarType; -1: it has none.
  int bits;
  bool is_float, is_signed;
  std::optional<DType> dtype;  ///< The same type of a whole-byte tensor.
};

[[nodiscard]] std::span<const ElementInfo> all_elements();
[[nodiscard]] const ElementInfo& info(Element element);
[[nodiscard]] std::string_view to_string(Element element);
/// The same type of a whole-byte tensor. Throws Error naming a type that there is none of.
[[nodiscard]] DType whole_byte_type(Element element);
/// By OpenVINO's name or torch's. Throws Error naming the known ones.
[[nodiscard]] Element element_from_string(std::string_view name);
/// By torch.export's number. Throws Error.
[[nodiscard]] Element element_from_torch_code(std::int64_t code);

/// Bytes of `count` elements: u2, u4 and i4 fill bytes from the lowest bits on, u3 takes 3 bytes for 8 elements.
/// Throws Error if the number overflows.
[[nodiscard]] std::int64_t size_bytes(Element element, std::int64_t count);
/// Element `index` of a packed array. Exact; integers beyond 2^53 are rounded.
[[nodiscard]] double read_element(Element element, std::span<const std::byte> bytes, std::int64_t index);
/// `value` as it is after a conversion to `element`: floating-point types round to nearest even, integers keep their
/// low bits (they wrap), a boolean is whether it is not 0.
[[nodiscard]] double converted(Element element, double value);
/// Writes converted(element, value). `bytes` must be zero where a sub-byte element goes. Throws Error for u3, which is
/// in others' files only.
void write_element(Element element, std::span<std::byte> bytes, std::int64_t index, double value);
/// Whether fewer than 8 bits hold an element: what a compressed weight is.
[[nodiscard]] inline bool is_low_bit(Element element) { return info(element).bits < 8 && element != Element::boolean; }

}  // namespace plumb::graph
