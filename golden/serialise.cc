#include "golden/serialise.h"

#include <concepts>
#include <cstring>
#include <tuple>
#include <type_traits>

#include "reference/error.h"

namespace plumb::golden {
namespace {

template <class T, class Record>
concept IsA = std::same_as<std::remove_const_t<T>, Record>;

// The members of each record, once, for writing and reading alike.
template <IsA<Array> T>
auto members(T& a) {
  return std::tie(a.name, a.dtype, a.shape, a.bytes, a.accept, a.logical_dtype, a.logical_shape);
}
template <IsA<Case> T>
auto members(T& c) {
  return std::tie(c.name, c.op, c.attributes, c.inputs, c.outputs);
}
template <IsA<File> T>
auto members(T& f) {
  return std::tie(f.source, f.generator, f.note, f.attributes, f.cases);
}

class Writer {
 public:
  template <class T>
  requires std::is_arithmetic_v<T>
  void put(T value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void put(const std::string& text) {
    put(text.size());
    bytes_ += text;
  }
  void put(const std::vector<std::byte>& data) {
    put(data.size());
    bytes_.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  template <class T>
  void put(const std::vector<T>& values) {
    put(values.size());
    for (const T& value : values) put(value);
  }
  void put(const Attribute& attribute) {
    put(attribute.index());
    std::visit([this](const auto& value) { put(value); }, attribute);
  }
  void put(const std::map<std::string, Attribute>& attributes) {
    put(attributes.size());
    for (const auto& [name, value] : attributes) put(name), put(value);
  }
  template <class Record>
  requires requires(const Record& record) { members(record); }
  void put(const Record& record) {
    std::apply([this](const auto&... member) { (put(member), ...); }, members(record));
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  Reader(std::string_view bytes, const std::filesystem::path& path) : bytes_(bytes), path_(path) {}

  template <class T>
  requires std::is_arithmetic_v<T>
  void get(T& value) { std::memcpy(&value, take(sizeof value).data(), sizeof value); }
  void get(std::string& text) { text = take(length()); }
  void get(std::vector<std::byte>& data) {
    const std::string_view taken = take(length());
    const auto* first = reinterpret_cast<const std::byte*>(taken.data());
    data.assign(first, first + taken.size());
  }
  template <class T>
  void get(std::vector<T>& values) {
    for (std::size_t left = length(); left > 0; --left) get(values.emplace_back());
  }
  void get(Attribute& attribute) {
    switch (length()) {
      case 0:
        return get(attribute.emplace<0>());
      case 1:
        return get(attribute.emplace<1>());
      case 2:
        return get(attribute.emplace<2>());
      default:
        refuse();
    }
  }
  void get(std::map<std::string, Attribute>& attributes) {
    for (std::size_t left = length(); left > 0; --left) {
      std::string name;
      get(name);
      get(attributes[name]);
    }
  }
  template <class Record>
  requires requires(Record& record) { members(record); }
  void get(Record& record) {
    std::apply([this](auto&... member) { (get(member), ...); }, members(record));
  }
  void end() const {
    if (!bytes_.empty()) refuse();
  }

 private:
  std::size_t length() {
    std::size_t value = 0;
    get(value);
    return value;
  }
  std::string_view take(std::size_t size) {
    if (size > bytes_.size()) refuse();
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  [[noreturn]] void refuse() const {
    throw Error(path_.string() + " is corrupt: reading it made the reader answer nonsense");
  }

  std::string_view bytes_;
  const std::filesystem::path& path_;
};

}  // namespace

std::string to_bytes(const File& file) {
  Writer writer;
  writer.put(file);
  return writer.take();
}

File from_bytes(std::string_view bytes, const std::filesystem::path& path) {
  Reader reader(bytes, path);
  File file;
  file.path = path;
  reader.get(file);
  reader.end();
  return file;
}

}  // namespace plumb::golden
