#include "reference/graph/tensor_subclass.h"

#include <fmt/format.h>

#include <iterator>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

#include "reference/error.h"
#include "reference/graph/pickle.h"

namespace plumb::graph {
namespace {

constexpr std::string_view kFromType = "torch._tensor _rebuild_from_type_v2",
                           kWrapper = "torch._utils _rebuild_wrapper_subclass",
                           kTensor = "torch._utils _rebuild_tensor_v2";

// The element type of a storage is its class.
constexpr std::pair<std::string_view, Element> kStorages[] = {
    {"torch BoolStorage", Element::boolean}, {"torch ByteStorage", Element::u8},
    {"torch CharStorage", Element::i8},      {"torch ShortStorage", Element::i16},
    {"torch IntStorage", Element::i32},      {"torch LongStorage", Element::i64},
    {"torch HalfStorage", Element::f16},     {"torch BFloat16Storage", Element::bf16},
    {"torch FloatStorage", Element::f32},    {"torch DoubleStorage", Element::f64},
};

// What else a subclass's pickle names. Element types are attributes, of which nothing is made.
constexpr std::string_view kOtherGlobals[] = {kFromType,
                                              kWrapper,
                                              kTensor,
                                              "collections OrderedDict",
                                              "torch.serialization _get_layout",
                                              "torch device",
                                              "torchao.quantization IntxUnpackedToInt8Tensor",
                                              "torchao.quantization Int8Tensor",
                                              "torch float16",
                                              "torch bfloat16",
                                              "torch float32",
                                              "torch float64",
                                              "torch int1",
                                              "torch int2",
                                              "torch int3",
                                              "torch int4",
                                              "torch int5",
                                              "torch int6",
                                              "torch int7",
                                              "torch int8",
                                              "torch uint8",
                                              "torch int32",
                                              "torch int64"};

std::vector<std::string_view> known_globals() {
  std::vector<std::string_view> globals(std::begin(kOtherGlobals), std::end(kOtherGlobals));
  for (const auto& [storage, element] : kStorages) globals.push_back(storage);
  return globals;
}

class SubclassReader {
 public:
  SubclassReader(const ZipArchive& outer, const std::string& name)
      : outer_(outer),
        offset_(outer.entry(name).offset),
        inner_(MappedFile::within(outer.keeper(), offset_, outer.entry(name).size, name)),
        root_(root_of(inner_)),
        text_(inner_.text(root_ + "data.pkl")),
        pickle_(std::as_bytes(std::span(text_)), known_globals()) {
    if (inner_.text(root_ + "byteorder") != "little") throw Error("its tensors are not little endian");
  }

  InnerTensors read() {
    const std::vector<int>& object = pickle_.arguments(pickle_.root(), kFromType, 4);
    if (pickle_.global(object[0], "the function that rebuilds it") != kWrapper) {
      throw Error(fmt::format("pickle: expected a wrapper subclass, got '{}'", pickle_.at(object[0]).text));
    }
    const std::string& type = pickle_.global(object[1], "its class");
    if (!type.starts_with("torchao.")) throw Error(fmt::format("pickle: '{}' is no class of torchao's", type));
    InnerTensors tensors;
    for (const auto& [attribute, value] : pickle_.dict(object[3], "its attributes")) {
      if (!pickle_.calls(value, kTensor)) continue;
      try {
        tensors[attribute] = tensor(value);
      } catch (const Error& error) {
        throw Error(fmt::format("tensor '{}': {}", attribute, error.what()));
      }
    }
    return tensors;
  }

 private:
  static std::string root_of(const ZipArchive& archive) {
    constexpr std::string_view kPickle = "data.pkl";
    for (const auto& [name, entry] : archive.entries()) {
      if (name.ends_with("/data.pkl")) return name.substr(0, name.size() - kPickle.size());
    }
    throw Error("there is no data.pkl in it");
  }

  static Element element_of(const std::string& storage) {
    for (const auto& [name, element] : kStorages) {
      if (name == storage) return element;
    }
    throw Error(fmt::format("'{}' is no storage that is known here", storage));
  }

  ConstantRef tensor(int value) {
    const std::vector<int>& arguments = pickle_.arguments(value, kTensor, 6);
    const Pickle::Value& persistent = pickle_.at(arguments[0]);
    if (persistent.kind != Pickle::Kind::persistent) throw Error("pickle: it has no storage");
    const std::vector<int>& storage = pickle_.tuple(persistent.items[0], 5, "its storage");
    if (pickle_.text(storage[0], "its storage") != "storage") throw Error("pickle: it has no storage");
    const std::string key = pickle_.text(storage[2], "the storage's key");
    const Type type{element_of(pickle_.global(storage[1], "the storage's class")),
                    pickle_.integers(arguments[2], "its sizes")};
    for (const std::int64_t dim : type.shape) {
      if (dim < 0) throw Error(fmt::format("a size of {}", dim));
    }
    if (!is_dense(type.shape, pickle_.integers(arguments[3], "its strides"))) throw Error("it is not dense");
    const std::int64_t skipped = pickle_.integer(arguments[1], "its offset");
    ConstantRef& known = constants_[{key, skipped, to_string(type)}];
    if (known == nullptr) known = constant(type, root_ + "data/" + key, skipped);
    return known;
  }

  ConstantRef constant(const Type& type, const std::string& file, std::int64_t skipped) {
    const std::span<const std::byte> bytes = inner_.bytes(file);
    const std::int64_t size = size_bytes(type.element, element_count(type.shape)),
                       there = static_cast<std::int64_t>(bytes.size());
    std::int64_t first = 0;
    if (skipped < 0 || __builtin_mul_overflow(skipped, info(type.element).bits / 8, &first) || first > there ||
        size > there - first) {
      throw Error(
          fmt::format("expected {} bytes for {} behind {} elements, got {}", size, to_string(type), skipped, there));
    }
    const std::uint64_t offset = offset_ + inner_.entry(file).offset + static_cast<std::uint64_t>(first);
    return std::make_shared<const Constant>(
        Constant{type, bytes.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(size)), outer_.keeper(),
                 outer_.file().path(), offset});
  }

  const ZipArchive& outer_;
  std::uint64_t offset_;  ///< Of the archive within the archive.
  ZipArchive inner_;
  std::string root_, text_;
  Pickle pickle_;
  std::map<std::tuple<std::string, std::int64_t, std::string>, ConstantRef> constants_;
};

}  // namespace

InnerTensors read_tensor_subclass(const ZipArchive& archive, const std::string& name) {
  return SubclassReader(archive, name).read();
}

}  // namespace plumb::graph
