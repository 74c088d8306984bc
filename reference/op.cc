#include "reference/op.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "reference/error.h"
#include "reference/layout/layouts.h"
#include "reference/shape_formula.h"

namespace plumb {
namespace {

// The element type that an ABI number stands for, or the number if there is none.
std::string type_name(std::int64_t value) {
  const auto type =
      std::ranges::find(all_dtypes(), value, [](const DTypeInfo& t) { return static_cast<std::int64_t>(t.dtype); });
  return type == all_dtypes().end() ? fmt::format("{}", value) : std::string(type->name);
}

std::vector<std::string> value_names(const Param& param) {
  std::vector<std::string> names;
  for (const std::int64_t value : param.values) names.push_back(param.text(value));
  return names;
}

// Whether a port takes tensors with more dimensions of 1 than its shape has.
bool takes_ones(const Port& port) { return port.alternative_shape.find("1...") != std::string::npos; }

// An offered shape as the port takes it.
Shape taken_shape(const Port& port, const Shape& offered) {
  Shape shape = offered;
  if (takes_ones(port) && shape.size() != parse_shape(port.shape).size()) std::erase(shape, 1);
  return shape;
}

[[noreturn]] void refuse(const Op& op, const std::string& what) { throw Error(fmt::format("{}: {}", op.name, what)); }

// Sizes and leading dimensions as they become known from the shapes of inputs.
class Binder {
 public:
  Binder(const Op& op, std::span<const Offer> offers, const Sizes& params)
      : op_(op), offers_(offers), signature_{params, {}} {}

  // Sizes as far as they can be told from a call that may be illegal.
  Signature bind_loosely() {
    strict_ = false;
    return bind();
  }

  Signature bind() {
    if (offers_.size() != op_.inputs.size()) {
      refuse(op_, fmt::format("expected {} inputs, got {}", op_.inputs.size(), offers_.size()));
    }
    for (std::size_t i = 0; i < offers_.size(); ++i) bind_presence_and_type(op_.inputs[i], offers_[i]);
    for (std::size_t i = 0; i < offers_.size(); ++i) {
      if (offers_[i].present) bind_shape(op_.inputs[i], taken_shape(op_.inputs[i], offers_[i].shape));
    }
    return std::move(signature_);
  }

 private:
  void set(const Port& port, const std::string& name, std::int64_t value) {
    const auto [known, fresh] = signature_.values.try_emplace(name, value);
    if (strict_ && !fresh && known->second != value) {
      refuse(op_, fmt::format("{}: expected {} = {}, got {}", port.name, name, spelled(name, known->second),
                              spelled(name, value)));
    }
  }

  // Element types by their names.
  [[nodiscard]] std::string spelled(const std::string& name, std::int64_t value) const {
    const Param* param = op_.param(name);
    return param == nullptr ? fmt::format("{}", value) : param->text(value);
  }

  void bind_presence_and_type(const Port& port, const Offer& offer) {
    if (!port.present_if.empty()) set(port, port.present_if, offer.present ? 1 : 0);
    if (!offer.present) {
      if (strict_ && port.present_if.empty()) refuse(op_, fmt::format("{}: expected a tensor, got none", port.name));
      return;
    }
    if (!strict_) return;
    const Param* choice = op_.param(port.dtype);
    const auto code = static_cast<std::int64_t>(offer.dtype);
    if (choice == nullptr) {
      if (dtype_from_string(port.dtype) != offer.dtype) {
        refuse(op_, fmt::format("{}: expected {}, got {}", port.name, port.dtype, to_string(offer.dtype)));
      }
    } else {
      if (std::ranges::find(choice->values, code) == choice->values.end()) {
        refuse(op_, fmt::format("{}: expected {}, got {}", port.name, fmt::join(value_names(*choice), " or "),
                                to_string(offer.dtype)));
      }
      set(port, choice->name, code);
    }
  }

  void bind_shape(const Port& port, const Shape& shape) {
    const std::vector<Dim> dims = parse_shape(port.shape);
    const bool any_rank = !dims.empty() && dims[0].leading;
    const std::size_t fixed = dims.size() - (any_rank ? 1 : 0);
    if (shape.size() < fixed || (!any_rank && shape.size() != fixed)) {
      const bool has_alternative = !port.alternative_shape.empty() && !takes_ones(port);
      if (!strict_ || has_alternative) return;  // shape equality is checked once all sizes are known
      refuse(op_, fmt::format("{}: expected shape [{}], got {}", port.name, port.shape, to_string(shape)));
    }
    const std::size_t lead = shape.size() - fixed;
    if (any_rank) {
      signature_.leading[dims[0].formula] = Shape(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(lead));
      set(port, dims[0].formula, element_count(signature_.leading[dims[0].formula]));
      if (op_.param("lead") != nullptr) set(port, "lead", static_cast<std::int64_t>(lead));
    }
    for (std::size_t i = 0; i < fixed; ++i) infer(dims[i + (any_rank ? 1 : 0)].formula, shape[lead + i]);
  }

  // A size is inferred from "NAME", from "NAME/2" and from "NAME/2 * (…)"; other formulas are only checked, later.
  void infer(const std::string& formula, std::int64_t dim) {
    const std::size_t slash = formula.find('/');
    const std::string name = formula.substr(0, slash);
    if (op_.size(name) == nullptr || signature_.values.contains(name)) return;
    if (slash == std::string::npos) {
      signature_.values[name] = dim;
    } else if (formula.substr(slash + 1).find_first_not_of("0123456789") == std::string::npos) {
      const std::int64_t factor = std::stoll(formula.substr(slash + 1));
      if (__builtin_mul_overflow(dim, factor, &signature_.values[name])) {
        refuse(op_, fmt::format("size {}: {} times {} overflows", name, dim, factor));
      }
    } else {
      infer_in_proportion(formula, name, dim);
    }
  }

  // "n/2 * (bits / 4)", zero or proportional to n: from what it is for a size that small numbers divide. Whether the
  // size is right is checked later, like all shapes.
  void infer_in_proportion(const std::string& formula, const std::string& name, std::int64_t dim) {
    constexpr std::int64_t kDivisible = 5040;
    Sizes probe = signature_.values;
    probe[name] = kDivisible;
    try {
      const std::int64_t value = evaluate_formula(formula, probe);
      std::int64_t scaled = 0;
      if (value > 0 && !__builtin_mul_overflow(dim, kDivisible, &scaled)) signature_.values[name] = scaled / value;
    } catch (const Error&) {
      // A parameter in it is missing; that is said when all are looked at.
    }
  }

  const Op& op_;
  std::span<const Offer> offers_;
  Signature signature_;
  bool strict_ = true;
};

void complete_params(const Op& op, Signature& signature) {
  for (const Param& param : op.params) {
    if (!signature.values.contains(param.name)) {
      if (!param.default_value) refuse(op, fmt::format("parameter '{}' ({}) is missing", param.name, param.meaning));
      signature.values[param.name] = *param.default_value;
    }
    const std::int64_t value = signature.values[param.name];
    if (param.kind == Param::Kind::flag && value != 0 && value != 1) {
      refuse(op, fmt::format("parameter '{}': expected 0 or 1, got {}", param.name, value));
    }
    const bool listed = param.kind == Param::Kind::dtype || param.kind == Param::Kind::choice;
    if (listed && std::ranges::find(param.values, value) == param.values.end()) {
      refuse(op, fmt::format("parameter '{}': expected {}, got {}", param.name, fmt::join(value_names(param), " or "),
                             param.text(value)));
    }
  }
}

void check_names(const Op& op, const Sizes& given) {
  for (const auto& [name, value] : given) {
    if (op.param(name) != nullptr || op.size(name) != nullptr) continue;
    std::vector<std::string> known;
    for (const Size& size : op.sizes) known.push_back(size.name);
    for (const Param& param : op.params) known.push_back(param.name);
    refuse(op, fmt::format("'{}' is not one of its sizes and parameters: {}", name, fmt::join(known, ", ")));
  }
}

void check_sizes(const Op& op, const Signature& signature) {
  for (const Size& size : op.sizes) {
    const auto known = signature.values.find(size.name);
    if (known == signature.values.end()) refuse(op, fmt::format("size {} ({}) is missing", size.name, size.meaning));
    if (known->second < 0) refuse(op, fmt::format("size {}: expected >= 0, got {}", size.name, known->second));
  }
  for (const Constraint& constraint : op.constraints) {
    if (evaluate_formula(constraint.formula, signature.values) == 0) {
      refuse(op, fmt::format("expected {} ({})", constraint.formula, constraint.why));
    }
  }
}

void check_shapes(const Op& op, const Signature& signature, std::span<const Offer> offers) {
  for (std::size_t i = 0; i < offers.size(); ++i) {
    const Port& port = op.inputs[i];
    if (!offers[i].present) continue;
    const Shape expected = shape_of(port, signature);
    const Shape got = taken_shape(port, offers[i].shape);
    if (got == expected) continue;
    const bool has_alternative = !port.alternative_shape.empty() && !takes_ones(port);
    if (has_alternative && element_count(got) == element_count(expected) &&
        got == evaluate_shape(port.alternative_shape, signature)) {
      continue;
    }
    const bool transposed = Shape(got.rbegin(), got.rend()) == expected;
    refuse(op, fmt::format("{}: expected [{}] = {}, got {}{}", port.name, port.shape, to_string(expected),
                           to_string(got), transposed ? "; transposed?" : ""));
  }
}

// [M] as `lead` dimensions: smallest prime factors first, so that 6 becomes [2, 3].
Shape split_leading(const Op& op, std::int64_t product, std::int64_t lead) {
  if (lead < 0 || lead > 8) refuse(op, fmt::format("parameter 'lead': expected 0 to 8, got {}", lead));
  if (lead == 0 && product != 1) refuse(op, "parameter 'lead' = 0 means one element, so the size must be 1");
  Shape shape;
  for (; lead > 1; --lead) {
    std::int64_t factor = 1;
    for (std::int64_t f = 2; f * f <= product && factor == 1; ++f) {
      if (product % f == 0) factor = f;
    }
    shape.push_back(factor);
    product /= factor;
  }
  if (lead == 1) shape.push_back(product);
  return shape;
}

}  // namespace

std::int64_t Signature::operator[](std::string_view name) const {
  const auto value = values.find(name);
  PLUMB_CHECK(value != values.end());
  return value->second;
}

std::string Param::text(std::int64_t value) const {
  if (kind == Kind::dtype) return type_name(value);
  if (kind != Kind::choice) return fmt::format("{}", value);
  return value >= 0 && value < std::ssize(words) ? words[static_cast<std::size_t>(value)] : fmt::format("{}", value);
}

std::int64_t Param::parse(std::string_view text) const {
  if (kind == Kind::dtype) return static_cast<std::int64_t>(dtype_from_string(text));
  if (kind == Kind::choice) {
    const auto word = std::ranges::find(words, text);
    if (word != words.end()) return word - words.begin();
    throw Error(fmt::format("{}: expected {}, got '{}'", name, fmt::join(words, " or "), text));
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size() && !text.empty()) return value;
  throw Error(fmt::format("{}: expected an integer, got '{}'", name, text));
}

const Param* Op::param(std::string_view wanted) const {
  const auto found = std::ranges::find(params, wanted, &Param::name);
  return found == params.end() ? nullptr : &*found;
}

const Size* Op::size(std::string_view wanted) const {
  const auto found = std::ranges::find(sizes, wanted, &Size::name);
  return found == sizes.end() ? nullptr : &*found;
}

std::size_t Op::input_index(std::string_view wanted) const {
  const auto found = std::ranges::find(inputs, wanted, &Port::name);
  if (found == inputs.end()) refuse(*this, fmt::format("there is no input '{}'", wanted));
  return static_cast<std::size_t>(found - inputs.begin());
}

bool Op::has(Fill fill) const { return std::ranges::find(inputs, fill, &Port::fill) != inputs.end(); }
bool Op::has_constants() const {
  return std::ranges::any_of(inputs, [](const Port& port) { return port.role == Role::constant; });
}

Signature infer_signature(const Op& op, std::span<const Offer> inputs, const Sizes& params) {
  check_names(op, params);
  Signature signature = Binder(op, inputs, params).bind();
  complete_params(op, signature);
  check_sizes(op, signature);
  check_shapes(op, signature, inputs);
  return signature;
}

std::vector<Form> output_forms(const Op& op, const Signature& signature) {
  std::vector<Form> forms;
  for (const Port& port : op.outputs) forms.push_back({dtype_of(port, op, signature), shape_of(port, signature)});
  return forms;
}

namespace {

// The element type that a parameter chooses or, where it is not given, that an input of that parameter's type has.
DType plausible_dtype(const Port& port, const Op& op, std::span<const Offer> inputs, const Sizes& params) {
  if (op.param(port.dtype) == nullptr) return dtype_from_string(port.dtype);
  const auto chosen = params.find(port.dtype);
  for (const DTypeInfo& type : all_dtypes()) {
    if (chosen != params.end() && static_cast<std::int64_t>(type.dtype) == chosen->second) return type.dtype;
  }
  for (std::size_t i = 0; i < std::min(inputs.size(), op.inputs.size()) && chosen == params.end(); ++i) {
    if (inputs[i].present && op.inputs[i].dtype == port.dtype) return inputs[i].dtype;
  }
  return DType::f32;
}

// What a caller could allocate: a wrong parameter may ask for less than nothing, or for more than there is.
bool is_plausible(const Shape& shape) {
  constexpr std::int64_t kMany = std::int64_t{1} << 24;
  return std::ranges::all_of(shape, [](std::int64_t dim) { return dim >= 0 && dim <= kMany; }) &&
         element_count(shape) <= kMany;
}

}  // namespace

std::vector<Form> plausible_output_forms(const Op& op, std::span<const Offer> inputs, const Sizes& params) {
  std::vector<Form> forms;
  for (const Port& port : op.outputs) {
    Form form{plausible_dtype(port, op, inputs, params), inputs.empty() ? Shape{} : inputs[0].shape};
    try {
      const Shape shape = shape_of(port, Binder(op, inputs, params).bind_loosely());
      if (is_plausible(shape)) form.shape = shape;
    } catch (const std::exception&) {  // the formulas cannot be evaluated
    }
    forms.push_back(std::move(form));
  }
  return forms;
}

Signature make_signature(const Op& op, const Sizes& given) {
  check_names(op, given);
  Signature signature{given, {}};
  complete_params(op, signature);
  check_sizes(op, signature);
  for (const Port& port : op.inputs) {
    for (const Dim& dim : parse_shape(port.shape)) {
      if (dim.leading) {
        signature.leading[dim.formula] =
            split_leading(op, signature[dim.formula], op.param("lead") == nullptr ? 1 : signature["lead"]);
      }
    }
  }
  return signature;
}

bool is_legal(const Op& op, const Sizes& given) {
  return std::ranges::all_of(op.constraints,
                             [&](const Constraint& c) { return evaluate_formula(c.formula, given) != 0; });
}

bool is_present(const Port& port, const Signature& signature) {
  return port.present_if.empty() || signature[port.present_if] != 0;
}

DType dtype_of(const Port& port, const Op& op, const Signature& signature) {
  if (op.param(port.dtype) != nullptr) return static_cast<DType>(signature[port.dtype]);
  return dtype_from_string(port.dtype);
}

Shape shape_of(const Port& port, const Signature& signature) { return evaluate_shape(port.shape, signature); }

std::vector<std::string> axis_names(const Port& port, const Signature& signature) {
  std::vector<std::string> names;
  for (const Dim& dim : parse_shape(port.shape)) {
    const std::size_t count = dim.leading ? signature.leading.at(dim.formula).size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
      names.push_back(count == 1 ? dim.formula : fmt::format("{}[{}]", dim.formula, i));
    }
  }
  return names;
}

const Layout& layout_of(const Port& port, const Signature& signature) {
  PLUMB_CHECK(!port.layouts.empty());
  const std::int64_t choice = port.layout_param.empty() ? 0 : signature[port.layout_param];
  return layout_named(port.layouts.at(static_cast<std::size_t>(choice)));
}

Extent extent_of(const Signature& signature) { return {signature["N"], signature["K"]}; }

void check_values(const Op& op, const Problem& problem) {
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Port& port = op.inputs[i];
    const Tensor& tensor = problem.inputs[i];
    if (port.high.empty() || !tensor.present()) continue;
    const auto low = static_cast<double>(evaluate_formula(port.low, problem.signature.values));
    const auto high = static_cast<double>(evaluate_formula(port.high, problem.signature.values));
    for (std::int64_t flat = 0; flat < tensor.size(); ++flat) {
      if (tensor.at(flat) >= low && tensor.at(flat) <= high) continue;
      refuse(op, fmt::format("{}{}: expected a value in [{}, {}], got {}", port.name,
                             to_string(unravel(flat, tensor.shape())), low, high, tensor.at(flat)));
    }
  }
}

}  // namespace plumb
