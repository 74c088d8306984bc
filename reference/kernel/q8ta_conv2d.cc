#include "reference/kernel/q8ta_conv2d.h"

#include "reference/kernel/q8ta_codes.h"
#include "reference/shape_formula.h"

namespace plumb {
namespace {

const char* const kOutHeight = "(H + 2 * padding - dilation * (kernel_h - 1) - 1) / stride + 1";
const char* const kOutWidth = "(W + 2 * padding - dilation * (kernel_w - 1) - 1) / stride + 1";

// The patches, [B * out_h * out_w, K]: elements of x by their flat position, -1 for those beyond it.
std::vector<std::int64_t> patches(const Signature& signature) {
  const auto size = [&](const char* name) { return signature[name]; };
  const Shape out = evaluate_shape(std::string(kOutHeight) + ", " + kOutWidth, signature);
  std::vector<std::int64_t> elements;
  for (std::int64_t pixel = 0; pixel < size("B") * out[0] * out[1]; ++pixel) {
    const std::int64_t b = pixel / (out[0] * out[1]), i = pixel / out[1] % out[0], j = pixel % out[1];
    for (std::int64_t k = 0; k < size("K"); ++k) {
      const std::int64_t c = k / (size("kernel_h") * size("kernel_w")), r = k / size("kernel_w") % size("kernel_h");
      const std::int64_t h = i * size("stride") - size("padding") + r * size("dilation");
      const std::int64_t w = j * size("stride") - size("padding") + k % size("kernel_w") * size("dilation");
      const bool inside = h >= 0 && h < size("H") && w >= 0 && w < size("W");
      elements.push_back(inside ? ((b * size("C") + c) * size("H") + h) * size("W") + w : -1);
    }
  }
  return elements;
}

Answer evaluate_conv2d(const Problem& problem) {
  static const Op op = q8ta_conv2d();
  const Signature& signature = problem.signature;
  const Tensor &x = problem.inputs[0], &zero_point = problem.inputs[op.input_index("input_zp")];
  const std::vector<std::int64_t> elements = patches(signature);
  GroupedLinear::Matrix columns(std::ssize(elements) / signature["K"], signature["K"]);
  for (Eigen::Index i = 0; i < columns.size(); ++i) {
    const std::int64_t at = elements[static_cast<std::size_t>(i)];
    columns.data()[i] = at < 0 ? zero_point.at(0) : x.at(at);
  }
  const Expected rows = Q8taLayer(op, problem, std::move(columns)).codes();  // [B, out_h * out_w, N]
  const auto outputs = static_cast<std::size_t>(signature["N"]), count = rows.value.size();
  const std::size_t pixels = count / outputs / static_cast<std::size_t>(signature["B"]);
  Expected expected;
  expected.value.resize(count);
  expected.slack.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t pixel = i / outputs, n = i % outputs;
    const std::size_t to = (pixel / pixels * outputs + n) * pixels + pixel % pixels;
    expected.value[to] = rows.value[i];
    expected.slack[to] = rows.slack[i];
  }
  return {std::move(expected)};
}

Param integer_param(std::string name, std::string meaning, std::vector<std::int64_t> values, std::int64_t usual) {
  return {std::move(name), std::move(meaning), Param::Kind::integer, std::move(values), usual};
}

std::vector<Port> inputs() {
  Port weights = constant_port("weights", "codes", "i8", "N, K", Fill::integers);
  weights.least_shown = kLeastShownOfCodes;
  Port sums = constant_port("weight_sums", "sums of the codes of each row", "i32", "N", Fill::code_sums);
  sums.low = "-128 * K";
  sums.high = "128 * K";
  return {{.name = "x",
           .meaning = "activation",
           .dtype = "i8",
           .shape = "B, C, H, W",
           .fill = Fill::integers,
           .least_shown = kLeastShownOfCodes},
          tensor_scale_port("input_scale", "scale of x", Fill::scale),
          tensor_zero_point_port("input_zp", "zero point of x"),
          std::move(weights),
          std::move(sums),
          constant_port("weight_scales", "scale of each row", "f32", "N", Fill::scale),
          tensor_scale_port("output_scale", "scale of y", Fill::result_scale),
          tensor_zero_point_port("output_zp", "zero point of y"),
          optional_port(constant_port("bias", "added to every pixel", "f32", "N", Fill::bias))};
}

}  // namespace

Op q8ta_conv2d() {
  return {
      .name = "q8ta_conv2d",
      .summary =
          "convolution from an int8 activation to an int8 activation, 8-bit weights with a scale for each output",
      .source = "ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::q8ta_conv2d",
      .semantics = "q8ta_linear of each patch of x, padded with input_zp, in the order of channels, rows, columns",
      .sizes = {{"B", "images", {1, 2}},
                {"C", "channels", {1, 2, 3, 4, 8}},
                {"H", "rows of an image", {1, 2, 3, 5, 8}},
                {"W", "columns of an image", {1, 2, 3, 4, 5, 9}},
                outputs_of({1, 2, 4, 7, 8, 9, 17}),
                {"K", "columns of a patch", {1, 2, 3, 4, 8, 9, 12, 18, 24, 27, 36, 72}}},
      .params = {integer_param("kernel_h", "rows of a patch", {1, 3}, 1),
                 integer_param("kernel_w", "columns of a patch in each row", {1, 3}, 1),
                 integer_param("stride", "pixels from patch to patch", {1, 2}, 1),
                 integer_param("padding", "pixels of padding on all sides", {0, 1}, 0),
                 integer_param("dilation", "pixels from element to element of a patch", {1, 2}, 1),
                 choice_param("activation", "what is applied before the result is quantised", {"none", "relu"}),
                 flag_param("bias", "bias is added")},
      .inputs = inputs(),
      .outputs = {{.name = "y",
                   .meaning = "result",
                   .dtype = "i8",
                   .shape = std::string("B, N, ") + kOutHeight + ", " + kOutWidth}},
      .constraints = {{"B >= 1 && C >= 1 && H >= 1 && W >= 1 && N >= 1", "there is something to multiply"},
                      {"kernel_h >= 1 && kernel_w >= 1 && stride >= 1 && dilation >= 1 && padding >= 0",
                       "a patch has pixels"},
                      {"K == C * kernel_h * kernel_w", "a row of weights is for a patch"},
                      {"K <= 65536", "a sum of products has 32 bits"},
                      {"H + 2 * padding > dilation * (kernel_h - 1)", "a patch fits the rows"},
                      {"W + 2 * padding > dilation * (kernel_w - 1)", "a patch fits the columns"}},
      .left_open = "the order of sums, and roundings in f32",
      .products = "K",
      .evaluate = evaluate_conv2d,
  };
}

}  // namespace plumb
