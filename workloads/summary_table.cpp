// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/csv.h"
#include "workloads/summary.h"

namespace milliwatt::workloads {

namespace {

using Row = std::vector<std::string>;

constexpr std::size_t kLeftAligned = 5;  // name, kind, shapes and window

/// "12501632" as "12,501,632".
std::string grouped(std::int64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3; at -= 3) {
    digits.insert(at - 3, ",");
  }
  return digits;
}

std::string product(const std::vector<std::int32_t>& shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

std::string window_text(const OperatorSummary& op) {
  if (!op.has_window) {
    return "";
  }
  const Window& w = op.window;
  std::string text = fmt::format("{}x{}", w.kernel_h, w.kernel_w);
  if (w.stride_h != 1 || w.stride_w != 1) {
    text += w.stride_h == w.stride_w ? fmt::format("/{}", w.stride_h)
                                     : fmt::format("/{}x{}", w.stride_h, w.stride_w);
  }
  if (w.dilation_h != 1 || w.dilation_w != 1) {
    text += fmt::format(" dil {}x{}", w.dilation_h, w.dilation_w);
  }
  return text;
}

std::string percent(double fraction) { return fmt::format("{:.1f} %", 100.0 * fraction); }

Row row_of(const OperatorSummary& op) {
  return {op.name,
          operator_name(op.kind),
          product(op.input_shape),
          product(op.output_shape),
          window_text(op),
          grouped(op.macs),
          grouped(op.parameters),
          grouped(op.constant_bytes),
          grouped(op.activation_bytes),
          grouped(op.live_bytes),
          op.macs == 0 ? "" : fmt::format("{:.2f}", op.intensity()),
          op.weights == 0 ? "" : percent(op.zero_fraction())};
}

Row total_row(const NetworkSummary& summary) {
  const double zeros = summary.weights == 0 ? 0.0
                                            : static_cast<double>(summary.zero_weights) /
                                                  static_cast<double>(summary.weights);
  return {"total",
          "",
          "",
          "",
          "",
          grouped(summary.macs),
          grouped(summary.parameters),
          grouped(summary.constant_bytes),
          "",
          "",
          "",
          summary.weights == 0 ? "" : percent(zeros)};
}

std::string render(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += i == 0 ? "" : "  ";
      line += i < kLeftAligned ? fmt::format("{:<{}}", row[i], widths[i])
                               : fmt::format("{:>{}}", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

bool is_all_of_bytes(const NetworkSummary& summary) {
  return std::all_of(summary.operators.begin(), summary.operators.end(),
                     [](const OperatorSummary& op) {
                       return op.output_bits == 8 && (op.weight_bits == 8 || op.weight_bits == 0);
                     });
}

/// Two more columns; the row of totals has none.
void append_bits(const NetworkSummary& summary, std::vector<Row>& rows) {
  rows.front().insert(rows.front().end(), {"w bits", "out bits"});
  for (std::size_t i = 0; i < summary.operators.size(); ++i) {
    const OperatorSummary& op = summary.operators[i];
    rows[i + 1].push_back(op.weight_bits == 0 ? "" : std::to_string(op.weight_bits));
    rows[i + 1].push_back(std::to_string(op.output_bits));
  }
  rows.back().resize(rows.front().size());
}

}  // namespace

std::string summary_csv(const NetworkSummary& summary) {
  base::CsvWriter csv({"operator", "kind", "input_shape", "output_shape", "window", "macs",
                       "parameters", "constant_bytes", "activation_bytes", "live_bytes",
                       "macs_per_byte", "weights", "zero_weights", "weight_bits", "output_bits"});
  for (const OperatorSummary& op : summary.operators) {
    csv.add_row({op.name, operator_name(op.kind), product(op.input_shape), product(op.output_shape),
                 window_text(op), std::to_string(op.macs), std::to_string(op.parameters),
                 std::to_string(op.constant_bytes), std::to_string(op.activation_bytes),
                 std::to_string(op.live_bytes), fmt::format("{}", op.intensity()),
                 std::to_string(op.weights), std::to_string(op.zero_weights),
                 std::to_string(op.weight_bits), std::to_string(op.output_bits)});
  }
  csv.add_row({"total", "", "", "", "", std::to_string(summary.macs),
               std::to_string(summary.parameters), std::to_string(summary.constant_bytes), "",
               std::to_string(summary.peak_live_bytes), fmt::format("{}", summary.intensity()),
               std::to_string(summary.weights), std::to_string(summary.zero_weights), "", ""});
  return csv.text();
}

std::string format_summary(const NetworkSummary& summary) {
  std::vector<Row> rows = {{"operator", "kind", "input", "output", "window", "MACs", "params",
                            "const B", "act B", "live B", "MAC/B", "zeros"}};
  std::transform(summary.operators.begin(), summary.operators.end(), std::back_inserter(rows),
                 row_of);
  rows.push_back(total_row(summary));
  if (!is_all_of_bytes(summary)) {
    append_bits(summary, rows);
  }
  std::string text = fmt::format(
      "network {}: {} operators, batch {}, weights: {}\n\n", summary.name, summary.operators.size(),
      summary.batch, summary.weights_origin == WeightsOrigin::kFile ? "file" : "seeded");
  text += render(rows);
  text +=
      fmt::format("\nin {} B, out {} B, {:.2f} MACs per byte of constants, inputs and outputs\n",
                  grouped(summary.input_bytes), grouped(summary.output_bytes), summary.intensity());
  if (!summary.operators.empty()) {
    text += fmt::format("peak of live tensors: {} B at {}\n", grouped(summary.peak_live_bytes),
                        summary.operators[summary.peak_operator].name);
  }
  if (summary.state_bytes > 0) {
    text += fmt::format("states between invocations: {} B\n", grouped(summary.state_bytes));
  }
  return text;
}

}  // namespace milliwatt::workloads
