#include "reference/kernel/q8ta_elementwise.h"

#include <algorithm>
#include <cmath>

#include "reference/bound.h"
#include "reference/kernel/q8ta_codes.h"

namespace plumb {
namespace {

// A number in f32, and how far roundings may have moved it.
struct Number {
  double value, error;
};

// Few roundings, each of a number no larger than `magnitude`; and what is lost below the normal range.
Number rounded(double value, double magnitude) {
  return {value, magnitude * gamma(4, unit_roundoff(DType::f32)) + 1024 * min_normal(DType::f32)};
}

double at(const Op& op, const Problem& problem, const char* input, std::int64_t i = 0) {
  return problem.inputs[op.input_index(input)].at(i);
}

Number dequantised(const Op& op, const Problem& problem, std::int64_t i) {
  const double value = at(op, problem, "input_scale") * (problem.inputs[0].at(i) - at(op, problem, "input_zp"));
  return rounded(value, std::abs(value));
}

void append_code(Expected& expected, const Op& op, const Problem& problem, const Number& number) {
  append_code(expected, number.value, number.error, at(op, problem, "output_scale"), at(op, problem, "output_zp"));
}

Answer evaluate_relu(const Problem& problem) {
  static const Op op = q8ta_relu();
  Answer answer(1);
  for (std::int64_t i = 0; i < problem.inputs[0].size(); ++i) {
    const Number number = dequantised(op, problem, i);
    append_code(answer[0], op, problem, number.value > 0 ? number : Number{0, 0});
  }
  return answer;
}

Answer evaluate_add(const Problem& problem) {
  static const Op op = q8ta_add();
  Answer answer(1);
  for (std::int64_t i = 0; i < problem.inputs[0].size(); ++i) {
    const double a = at(op, problem, "a_scale") * (at(op, problem, "a", i) - at(op, problem, "a_zp"));
    const double b = at(op, problem, "b_scale") * (at(op, problem, "b", i) - at(op, problem, "b_zp"));
    const double scaled = at(op, problem, "alpha") * b;
    append_code(answer[0], op, problem, rounded(a + scaled, std::abs(a) + std::abs(scaled)));
  }
  return answer;
}

// Where element i of the output comes from.
std::int64_t shuffled_from(const Signature& signature, std::int64_t i) {
  const std::int64_t r = signature["upscale"], h = signature["H"], w = signature["W"],
                     channels = signature["C"] / (r * r);
  const std::int64_t column = i % (w * r), row = i / (w * r) % (h * r), channel = i / (w * r * h * r);
  const std::int64_t image = channel / channels, c = channel % channels;
  const std::int64_t from = (image * channels + c) * r * r + row % r * r + column % r;
  return (from * h + row / r) * w + column / r;
}

Answer evaluate_shuffle(const Problem& problem) {
  static const Op op = q8ta_pixel_shuffle();
  Answer answer(1);
  for (std::int64_t i = 0; i < problem.inputs[0].size(); ++i) {
    append_code(answer[0], op, problem, dequantised(op, problem, shuffled_from(problem.signature, i)));
  }
  return answer;
}

Port codes_port(std::string name, std::string shape) {
  return {.name = std::move(name),
          .meaning = "activation",
          .dtype = "i8",
          .shape = std::move(shape),
          .fill = Fill::integers,
          .least_shown = kLeastShownOfCodes};
}

std::vector<Port> with_output_ports(std::vector<Port> ports) {
  ports.push_back(tensor_scale_port("output_scale", "scale of y", Fill::result_scale));
  ports.push_back(tensor_zero_point_port("output_zp", "zero point of y"));
  return ports;
}

std::vector<Port> input_ports(const std::string& shape) {
  return with_output_ports({codes_port("x", shape), tensor_scale_port("input_scale", "scale of x", Fill::scale),
                            tensor_zero_point_port("input_zp", "zero point of x")});
}

std::vector<Size> matrix_sizes() {
  return {{"M", "rows", {1, 2, 3, 16}}, {"K", "columns", {1, 2, 7, 8, 15, 16, 17, 33, 64, 256, 2049}}};
}

constexpr const char* kLeftOpen = "roundings in f32";
constexpr const char* kSource = "ExecuTorch 1.5.1, backends/vulkan/custom_ops_lib.py: et_vk::";

}  // namespace

Op q8ta_relu() {
  return {
      .name = "q8ta_relu",
      .summary = "ReLU from an int8 activation to an int8 activation",
      .source = std::string(kSource) + "q8ta_relu",
      .semantics = "y = clamp(rne(max(input_scale * (x - input_zp), 0) / output_scale) + output_zp, -128, 127)",
      .sizes = matrix_sizes(),
      .params = {lead_param()},
      .inputs = input_ports("M..., K"),
      .outputs = {codes_port("y", "M..., K")},
      .left_open = kLeftOpen,
      .evaluate = evaluate_relu,
  };
}

Op q8ta_add() {
  return {
      .name = "q8ta_add",
      .summary = "sum of two int8 activations as an int8 activation",
      .source = std::string(kSource) + "q8ta_add",
      .semantics =
          "y = clamp(rne((a_scale * (a - a_zp) + alpha * b_scale * (b - b_zp)) / output_scale) + output_zp, -128, 127)",
      .sizes = matrix_sizes(),
      .params = {lead_param()},
      .inputs = with_output_ports(
          {codes_port("a", "M..., K"), codes_port("b", "M..., K"),
           tensor_scale_port("a_scale", "scale of a", Fill::scale), tensor_zero_point_port("a_zp", "zero point of a"),
           tensor_scale_port("b_scale", "scale of b", Fill::scale), tensor_zero_point_port("b_zp", "zero point of b"),
           tensor_scale_port("alpha", "what b is multiplied by", Fill::factor)}),
      .outputs = {codes_port("y", "M..., K")},
      .left_open = kLeftOpen,
      .evaluate = evaluate_add,
  };
}

Op q8ta_pixel_shuffle() {
  return {
      .name = "q8ta_pixel_shuffle",
      .summary = "pixels from channels, from an int8 activation to an int8 activation",
      .source = std::string(kSource) + "q8ta_pixel_shuffle",
      .semantics =
          "y[b, c, h r + i, w r + j] = clamp(rne(input_scale * (x[b, c r^2 + i r + j, h, w] - input_zp) / "
          "output_scale) + output_zp, -128, 127)",
      .sizes = {{"B", "images", {1, 2}},
                {"C", "channels", {1, 4, 8, 9, 18}},
                {"H", "rows of an image", {1, 2, 3, 5}},
                {"W", "columns of an image", {1, 2, 3, 4, 7, 16, 33}}},
      .params = {{"upscale", "pixels that a pixel becomes along each axis, r", Param::Kind::integer, {1, 2, 3}, 2}},
      .inputs = input_ports("B, C, H, W"),
      .outputs = {codes_port("y", "B, C / (upscale * upscale), H * upscale, W * upscale")},
      .constraints = {{"upscale >= 1", "a pixel becomes at least one"},
                      {"C % (upscale * upscale) == 0", "channels become pixels"}},
      .left_open = kLeftOpen,
      .evaluate = evaluate_shuffle,
  };
}

}  // namespace plumb
