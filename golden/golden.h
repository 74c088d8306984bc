// Golden files: inputs, and the outputs that a real upstream system (never this project) produced for them. The format
// is described in FORMAT.md; a file that departs from it in any way is refused whole, so nothing half-read is ever
// compared.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace plumb::golden {

/// One tensor as stored, in row-major order and the machine's byte order.
struct Array {
  std::string name;                 ///< As the upstream names it: "weight", "param:codes", "state.packed".
  std::string dtype;                ///< u8 i8 u16 i16 u32 i32 u64 i64 f16 f32 f64, or bf16 (stored as u16) or
                                    ///< bool (stored as u8, each 0 or 1). Packed sub-byte types keep "u8".
  std::vector<std::int64_t> shape;  ///< Stored shape; {} is a scalar, a 0 in it means no elements.
  std::vector<std::byte> bytes;     ///< product(shape) elements of dtype.
  std::string accept;               ///< Outputs: "bitwise" or "bounded"; where nothing is recorded "bitwise" for
                                    ///< integers and "" for floating point. Inputs: "".
  std::string logical_dtype;        ///< As recorded ("u4", "i4", "f8e4m3", "bf16", …), "" if none.
  std::vector<std::int64_t> logical_shape;  ///< As recorded; equal to `shape` if none is.
};

/// A parameter of a case. Booleans are recorded as the integers 0 and 1; lists as JSON text; None as the text "none".
using Attribute = std::variant<std::int64_t, double, std::string>;

/// One run of one upstream operation. Some record that the upstream refused and then have no outputs, or no tensors at
/// all.
struct Case {
  std::string name;
  std::string op;                               ///< "torchao.choose_qparams_affine"
  std::map<std::string, Attribute> attributes;  ///< Every attribute but `op`.
  std::vector<Array> inputs;                    ///< Sorted by name.
  std::vector<Array> outputs;                   ///< Sorted by name.
};

/// One golden file, complete.
struct File {
  std::filesystem::path path;
  std::string source;                           ///< "torchao 0.18.0, torch 2.13.0"
  std::string generator;                        ///< Script under generators/ that made it.
  std::string note;                             ///< One or two sentences on what was run.
  std::map<std::string, Attribute> attributes;  ///< Every other attribute of the file.
  std::vector<Case> cases;                      ///< Sorted by name.
};

/// Largest amount of uncompressed data that one file may hold.
inline constexpr std::int64_t kMaxFileBytes = std::int64_t{1} << 30;

/// Reads one file whole. Throws plumb::Error naming the file, the HDF5 path in it, what was expected and what was found
/// if the file is missing, truncated, corrupt, or departs from the format. The HDF5 library can crash or hang on
/// damaged files, so it runs in a child process (isolated.h): call from a program that has no other thread running.
[[nodiscard]] File read(const std::filesystem::path& path,
                        std::chrono::milliseconds time_limit = std::chrono::seconds(30));

/// The input or output of that name; nullptr if there is none.
[[nodiscard]] const Array* find_array(const std::vector<Array>& arrays, std::string_view name);
[[nodiscard]] Array* find_array(std::vector<Array>& arrays, std::string_view name);
/// The same where there has to be one. Throws plumb::Error naming those that there are if there is none.
[[nodiscard]] const Array& array_named(const std::vector<Array>& arrays, std::string_view name);
[[nodiscard]] Array& array_named(std::vector<Array>& arrays, std::string_view name);
/// The case of that name. Throws plumb::Error naming the file if there is none.
[[nodiscard]] const Case& case_named(const File& file, std::string_view name);

/// All *.h5 files below a folder, sorted; or the file itself. Empty if the folder holds none. Throws plumb::Error if
/// there is no such path or a folder cannot be listed.
[[nodiscard]] std::vector<std::filesystem::path> find(const std::filesystem::path& path);

}  // namespace plumb::golden
