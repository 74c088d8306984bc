#include "reports/accuracy/plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "reports/accuracy/columns.h"
#include "reports/html/markup.h"
#include "reports/number_text.h"

namespace plumb::accuracy {
namespace {

// In units of the drawing.
constexpr double kLeft = 300, kRight = 30, kWidth = 1100, kTop = 30, kRow = 22;

const char* tone(const Record& record) { return is_wrong(record.outcome) ? "bad" : "good"; }

std::string name_of(const Record& record) {
  return record.kind == Kind::implementation ? record.impl : record.scheme + ", dequantised";
}

std::string line(const char* css, double x1, double y1, double x2, double y2) {
  return fmt::format("<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>", css, x1, y1, x2,
                     y2);
}

std::string label(const char* css, double x, double y, const std::string& text, const char* anchor = "middle") {
  return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>", css, x, y, anchor,
                     html_text(text));
}

std::string dot(const char* css, double x, double y, const std::string& title) {
  return fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"><title>{}</title></circle>", css, x, y,
                     html_text(title));
}

std::string drawing(const std::string& svg, double height, const std::string& what) {
  return fmt::format(
      "<div class=\"scroll\" role=\"region\" aria-label=\"{0}\" tabindex=\"0\"><svg class=\"ratios accuracy\" "
      "role=\"img\" aria-label=\"{0}\" viewBox=\"0 0 {1:.0f} {2:.0f}\">{3}</svg></div>\n",
      html_text(what), kWidth, height, svg);
}

std::string section(const char* id, const char* heading, const char* note, const std::string& body) {
  if (body.empty()) return "";
  return fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n<p class=\"note\">{}</p>\n{}</section>\n", id, heading, note,
                     body);
}

// A logarithmic axis over the finite positive ones of some numbers.
class LogAxis {
 public:
  explicit LogAxis(const std::vector<double>& values) {
    for (const double value : values) {
      if (!(value > 0) || !std::isfinite(value)) continue;
      low_ = std::min(low_, static_cast<int>(std::floor(std::log10(value))));
      high_ = std::max(high_, static_cast<int>(std::ceil(std::log10(value))));
    }
    if (low_ >= high_) high_ = low_ + 1;
  }
  [[nodiscard]] bool empty() const { return low_ > 1000; }
  [[nodiscard]] int low() const { return low_; }
  [[nodiscard]] int high() const { return high_; }
  /// From 0 to 1; what is not positive stands at 0, what is not finite at 1.
  [[nodiscard]] double place(double value) const {
    if (!(value > 0)) return std::isnan(value) ? 1 : 0;
    return std::isfinite(value) ? std::clamp((std::log10(value) - low_) / (high_ - low_), 0.0, 1.0) : 1;
  }

 private:
  int low_ = 2000, high_ = -2000;
};

// Zero in the middle; |value| logarithmic over some decades below the largest.
class SignedAxis {
 public:
  explicit SignedAxis(double largest) : high_(std::ceil(std::log10(std::max(largest, 1e-12)))) {}
  static constexpr int kDecades = 8;
  [[nodiscard]] double place(double value) const {
    const double size = std::abs(value) > 0 ? (std::log10(std::abs(value)) - high_ + kDecades) / kDecades : 0;
    return 0.5 + std::copysign(0.5 * std::clamp(size, 0.0, 1.0), value);
  }
  [[nodiscard]] double tick(int decade) const { return std::pow(10.0, high_ - kDecades + decade); }

 private:
  double high_;
};

double across(double place) { return kLeft + place * (kWidth - kLeft - kRight); }

std::vector<const Record*> changes(const Run& run) {
  std::vector<const Record*> found;
  for (const Record& record : run.records) {
    if (record.kind != Kind::original && record.cost.tokens > 0) found.push_back(&record);
  }
  return found;
}

std::string row_name(const Record& record, double y) {
  const double indent = record.kind == Kind::implementation ? 16 : 0;
  return label("name", indent, y + 4, name_of(record), "start");
}

}  // namespace

std::string increase_section(const Run& run) {
  const auto records = changes(run);
  if (records.empty()) return "";
  double largest = 0;
  for (const Record* r : records) {
    for (const double end : {r->cost.increase.low, r->cost.increase.high}) {
      if (std::isfinite(end)) largest = std::max(largest, std::abs(end));
    }
  }
  const SignedAxis axis(largest);
  const double height = kTop + kRow * static_cast<double>(records.size()) + 10;
  std::string svg = line("bound", across(0.5), kTop - 6, across(0.5), height) + label("tick", across(0.5), 14, "0");
  for (int decade = 2; decade <= SignedAxis::kDecades; decade += 2) {
    for (const double tick : {axis.tick(decade), -axis.tick(decade)}) {
      svg += line("tick", across(axis.place(tick)), kTop - 6, across(axis.place(tick)), height) +
             label("tick", across(axis.place(tick)), 14, fmt::format("{:g} %", 100 * tick));
    }
  }
  double y = kTop + 6;
  for (const Record* r : records) {
    const Interval& increase = r->cost.increase;
    svg += row_name(*r, y) + line(tone(*r), across(axis.place(increase.low)), y, across(axis.place(increase.high)), y) +
           dot(tone(*r), across(axis.place(increase.value)), y,
               fmt::format("{} [{}, {}]", percent_text(increase.value), percent_text(increase.low),
                           percent_text(increase.high)));
    y += kRow;
  }
  return section(
      "increase", "What each step costs: perplexity",
      "Increase over the reference of the step (a scheme's is the original, an implementation's the "
      "dequantised reference) with its 95 % interval, paired by token. The axis is logarithmic to both sides.",
      drawing(svg, height, "Increase of the perplexity"));
}

std::string divergence_section(const Run& run) {
  const auto records = changes(run);
  std::vector<double> values;
  for (const Record* r : records) values.insert(values.end(), {r->cost.kl_median, r->cost.kl, r->cost.kl_max});
  const LogAxis axis(values);
  if (axis.empty()) return "";
  const double height = kTop + kRow * static_cast<double>(records.size()) + 10;
  std::string svg;
  for (int decade = axis.low(); decade <= axis.high(); decade += std::max(1, (axis.high() - axis.low()) / 9)) {
    const double x = across(axis.place(std::pow(10.0, decade)));
    svg += line("tick", x, kTop - 6, x, height) + label("tick", x, 14, fmt::format("1e{}", decade));
  }
  double y = kTop + 6;
  for (const Record* r : records) {
    const Cost& c = r->cost;
    svg += row_name(*r, y) + line(tone(*r), across(axis.place(c.kl_median)), y, across(axis.place(c.kl_max)), y);
    for (const double mark : {c.kl_median, c.kl_90, c.kl_99, c.kl_999, c.kl_max}) {
      svg += line(tone(*r), across(axis.place(mark)), y - 5, across(axis.place(mark)), y + 5);
    }
    svg += dot(tone(*r), across(axis.place(c.kl)), y, "mean " + two_digits(c.kl));
    y += kRow;
  }
  return section("divergence", "Kullback-Leibler divergence",
                 "From the reference of the step: marks at the median, 90, 99 and 99.9 % and the maximum over tokens, "
                 "the dot is the mean. Logarithmic axis.",
                 drawing(svg, height, "Kullback-Leibler divergence"));
}

namespace {

constexpr double kPlotHeight = 260, kNamesHeight = 230;

// A line through the layers' values; a dot where a layer is beyond its bound.
std::string curve(const Record& record, const LogAxis& axis, double Layer::*value, const char* css, double step) {
  std::string points, dots;
  for (std::size_t i = 0; i < record.layers.size(); ++i) {
    const Layer& layer = record.layers[i];
    const double x = 70 + step * (static_cast<double>(i) + 0.5);
    const double y = kTop + kPlotHeight * (1 - axis.place(layer.*value));
    points += fmt::format("{:.1f},{:.1f} ", x, y);
    if (layer.wrong > 0 && value == &Layer::injected) {
      dots += dot("bad", x, y, fmt::format("{}, {}: {} x bound", name_of(record), layer.name, ratio_text(layer.ratio)));
    }
  }
  return fmt::format("<polyline class=\"{}\" points=\"{}\"><title>{}</title></polyline>{}", css, points,
                     html_text(name_of(record)), dots);
}

// Without what all names begin with; and how many bits its codes have, which differ in a mix.
std::string layer_label(const Layer& layer) {
  const std::string name = layer.name.starts_with("model.") ? layer.name.substr(6) : layer.name;
  return layer.bits == 0 ? name : fmt::format("{} ({} bit)", name, layer.bits);
}

std::string layer_axes(const std::vector<Layer>& layers, const LogAxis& axis, double step) {
  std::string svg;
  for (int decade = axis.low(); decade <= axis.high(); decade += std::max(1, (axis.high() - axis.low()) / 8)) {
    const double y = kTop + kPlotHeight * (1 - axis.place(std::pow(10.0, decade)));
    svg += line("tick", 70, y, kWidth - kRight, y) + label("tick", 62, y + 4, fmt::format("1e{}", decade), "end");
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const double x = 70 + step * (static_cast<double>(i) + 0.5), y = kTop + kPlotHeight + 12;
    svg += fmt::format("<text class=\"tick\" transform=\"translate({:.1f} {:.1f}) rotate(60)\">{}</text>", x, y,
                       html_text(layer_label(layers[i])));
  }
  return svg;
}

std::string scheme_drawing(const std::vector<const Record*>& records) {
  std::vector<double> values;
  for (const Record* record : records) {
    for (const Layer& layer : record->layers) values.insert(values.end(), {layer.injected, layer.drift});
  }
  const LogAxis axis(values);
  if (axis.empty()) return "";
  const double step = (kWidth - kRight - 70) / static_cast<double>(records[0]->layers.size());
  std::string svg = layer_axes(records[0]->layers, axis, step), said;
  for (const Record* record : records) {
    const bool kernel = record->kind == Kind::implementation, bad = first_wrong_layer(*record) != nullptr;
    svg += curve(*record, axis, &Layer::injected,
                 bad      ? "injected bad"
                 : kernel ? "injected good"
                          : "injected",
                 step) +
           curve(*record, axis, &Layer::drift,
                 bad      ? "bad"
                 : kernel ? "good"
                          : "scheme",
                 step);
    if (const Layer* layer = first_wrong_layer(*record)) {
      said += fmt::format("<p class=\"diagnosis\">{}: the first layer whose error leaves its bound is {}, {} x.</p>\n",
                          html_text(name_of(*record)), html_text(layer->name), ratio_text(layer->ratio));
    }
  }
  return fmt::format("<h3>{}</h3>\n{}{}", html_text(records[0]->scheme), said,
                     drawing(svg, kTop + kPlotHeight + kNamesHeight, "Errors of layers, " + records[0]->scheme));
}

}  // namespace

std::string layers_section(const Run& run) {
  std::string body;
  std::vector<const Record*> records;
  const auto flush = [&] {
    if (!records.empty()) body += scheme_drawing(records);
    records.clear();
  };
  for (const Record& record : run.records) {
    if (record.layers.empty()) continue;
    if (!records.empty() && records[0]->scheme != record.scheme) flush();
    records.push_back(&record);
  }
  flush();
  return section(
      "layers", "Layer by layer",
      "Root mean square of errors relative to what is wanted, in the order of evaluation. Dashed: what a layer "
      "alone adds on the reference's own activations. Solid: what has come together at its output, up to the "
      "logits. Grey: the scheme, original to dequantised. Green: implementations, dequantised to theirs. Red: "
      "those with an element beyond its proved bound, a dot where.",
      body);
}

}  // namespace plumb::accuracy
