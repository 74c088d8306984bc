// error/bound per implementation, drawn as small histograms over one logarithmic axis: who is close to the bound?
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "reports/html/markup.h"
#include "reports/html/sections.h"
#include "reports/number_text.h"

namespace plumb {
namespace {

// Bins: one for a ratio of 0, then (10^(i/5), 10^((i+1)/5)] from 1e-5 to 1e2, then one for infinite and NaN. A bin's
// upper end belongs to it, so that ratio 1 stands left of the bound, as it passes. What lies beyond an end is put in
// its bin. The first and last are written as numbers: exact cases are so many that their bar would flatten all others.
constexpr int kBinsPerDecade = 5;
constexpr int kLowestDecade = -5;
constexpr int kHighestDecade = 2;
constexpr int kLogBins = (kHighestDecade - kLowestDecade) * kBinsPerDecade;
constexpr int kBins = kLogBins + 2;

// In units of the drawing.
constexpr double kLeft = 150;
constexpr double kBinWidth = 20;
constexpr double kEndGap = 42;  // sets the bins of 0 and infinity apart from the axis
constexpr double kRowHeight = 46;
constexpr double kTop = 26;
constexpr double kWidth = kLeft + kBins * kBinWidth + 2 * kEndGap + 24;

using Histogram = std::array<std::int64_t, kBins>;

int bin_of(double ratio) {
  if (!std::isfinite(ratio)) return kBins - 1;
  if (ratio <= 0) return 0;
  const double bin = std::ceil(std::log10(ratio) * kBinsPerDecade) - kLowestDecade * kBinsPerDecade;
  return static_cast<int>(std::clamp(bin, 1.0, static_cast<double>(kLogBins)));
}

double bin_left(int bin) { return kLeft + bin * kBinWidth + (bin > 0 ? kEndGap : 0) + (bin > kLogBins ? kEndGap : 0); }

/// How a bin is painted: "near" is within the last two bins before the bound.
const char* tone_of(int bin) {
  constexpr int kBoundBin = -kLowestDecade * kBinsPerDecade;
  if (bin > kBoundBin) return "over";
  return bin > kBoundBin - 2 ? "near" : "within";
}

std::string bin_label(int bin) {
  const auto end = [](int i) {
    return two_digits(std::pow(10.0, kLowestDecade + static_cast<double>(i) / kBinsPerDecade));
  };
  if (bin == 1) return "up to " + end(1);
  if (bin == kLogBins) return "above " + end(kLogBins - 1);
  return end(bin - 1) + " to " + end(bin);
}

std::string number_at(int bin, std::int64_t count, double baseline) {
  if (count == 0) return "";
  return fmt::format("<text class=\"{}\" x=\"{:.0f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>", tone_of(bin),
                     bin_left(bin) + kBinWidth / 2, baseline - 12, thousands(count));
}

/// Height grows as the root of the share, so that a single stray case still shows.
std::string bars(const Histogram& histogram, double baseline) {
  const auto most = static_cast<double>(*std::max_element(histogram.begin() + 1, histogram.end() - 1));
  std::string svg = number_at(0, histogram.front(), baseline) + number_at(kBins - 1, histogram.back(), baseline);
  for (int bin = 1; bin <= kLogBins; ++bin) {
    const std::int64_t count = histogram[static_cast<std::size_t>(bin)];
    if (count == 0) continue;
    const double height = std::max(3.0, (kRowHeight - 12) * std::sqrt(static_cast<double>(count) / most));
    svg += fmt::format(
        "<rect class=\"{}\" x=\"{:.0f}\" y=\"{:.1f}\" width=\"{:.0f}\" height=\"{:.1f}\"><title>{}: {}</title></rect>",
        tone_of(bin), bin_left(bin) + 1, baseline - height, kBinWidth - 2, height, bin_label(bin),
        count_of(count, "case"));
  }
  return svg;
}

std::string axis_label(int decade) {
  if (decade == 0) return "bound";
  return fmt::format("{:g}{}", std::pow(10.0, decade), decade == kHighestDecade ? "+" : "");
}

std::string axis(double bottom) {
  std::string svg;
  const auto label = [&](double x, const std::string& text, const char* css) {
    svg += fmt::format("<text class=\"{}\" x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"middle\">{}</text>", css, x,
                       kTop - 12, text);
  };
  for (int decade = kLowestDecade; decade <= kHighestDecade; ++decade) {
    const char* css = decade == 0 ? "bound" : "tick";
    const double x = bin_left(1) + (decade - kLowestDecade) * kBinsPerDecade * kBinWidth;
    svg += fmt::format("<line class=\"{2}\" x1=\"{0:.0f}\" x2=\"{0:.0f}\" y1=\"{1:.0f}\" y2=\"{3:.0f}\"/>", x, kTop - 6,
                       css, bottom);
    label(x, axis_label(decade), css);
  }
  label(bin_left(0) + kBinWidth / 2, "error 0", "tick");
  label(bin_left(kBins - 1) + kBinWidth / 2, "∞, NaN", "tick");
  return svg;
}

}  // namespace

std::string ratio_section(const Run& run, const Summary& summary) {
  std::map<std::string, Histogram> histograms;
  for (const Record& record : run.records) {
    if (!record.worst) continue;
    ++histograms[record.impl][static_cast<std::size_t>(bin_of(record.worst->ratio))];
  }
  if (histograms.empty()) return "";
  const double bottom = kTop + kRowHeight * static_cast<double>(histograms.size());
  std::string svg = axis(bottom);
  double baseline = kTop;
  for (std::size_t impl = 0; impl < summary.impls.size(); ++impl) {
    const auto histogram = histograms.find(summary.impls[impl]);
    if (histogram == histograms.end()) continue;
    baseline += kRowHeight;
    svg += fmt::format(
        "<line class=\"base\" x1=\"0\" x2=\"{0:.0f}\" y1=\"{1:.1f}\" y2=\"{1:.1f}\"/><text class=\"name\" x=\"0\" "
        "y=\"{2:.1f}\">{3}</text>",
        kWidth, baseline, baseline - 12, html_text(summary.impls[impl]));
    svg += bars(histogram->second, baseline) + "\n";
  }
  return fmt::format(
      "<section id=\"ratios\">\n<h2>Distance to the bound</h2>\n<p class=\"note\">For each implementation, how many "
      "cases "
      "have their worst element at which error/bound (logarithmic axis, bar height by square root). Amber is within a "
      "factor of 2.5 of the bound; beyond the "
      "line is wrong.</p>\n<div class=\"scroll\" role=\"region\" aria-label=\"Histograms of error/bound\" "
      "tabindex=\"0\">"
      "<svg class=\"ratios\" role=\"img\" aria-label=\"Histograms of error/bound for each implementation\" viewBox=\"0 "
      "0 "
      "{:.0f} {:.0f}\">{}</svg></div>\n</section>\n",
      kWidth, bottom + 4, svg);
}

}  // namespace plumb
