// SPDX-License-Identifier: Apache-2.0
#include "base/units.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace milliwatt::base {
namespace {

using Wide = __int128;

/// One symbol: its size is factor * 10^exponent of the unit in which values are held.
struct Symbol {
  std::string name;
  std::int64_t factor;
  int exponent;
};

/// Symbols of a unit, smallest first. `from` shifts the powers of ten.
std::vector<Symbol> decimal_symbols(std::vector<std::string> names, int first, int step = 3) {
  std::vector<Symbol> symbols;
  for (std::string& name : names) {
    symbols.push_back({std::move(name), 1, first});
    first += step;
  }
  return symbols;
}

std::vector<Symbol> symbols_of(Unit unit) {
  constexpr std::int64_t kKibi = 1024;
  switch (unit) {
    case Unit::kCount:
    case Unit::kRatio:
      return {{"", 1, 0}};
    case Unit::kCycles:
      return {{"cycle", 1, 0}, {"cycles", 1, 0}};
    case Unit::kHertz:
      return decimal_symbols({"Hz", "kHz", "MHz", "GHz"}, 0);
    case Unit::kBytes:
      return {{"B", 1, 0},
              {"KB", 1, 3},
              {"KiB", kKibi, 0},
              {"MB", 1, 6},
              {"MiB", kKibi * kKibi, 0},
              {"GB", 1, 9},
              {"GiB", kKibi * kKibi * kKibi, 0}};
    case Unit::kBits:
      return {{"bit", 1, 0}};
    case Unit::kBytesPerSecond:
      return decimal_symbols({"B/s", "KB/s", "MB/s", "GB/s"}, 0);
    case Unit::kPicoseconds:
      return decimal_symbols({"ps", "ns", "us", "ms", "s"}, 0);
    case Unit::kAttojoules:
      return decimal_symbols({"aJ", "fJ", "pJ", "nJ", "uJ"}, 0);
    case Unit::kPicojoules:
      return decimal_symbols({"aJ", "fJ", "pJ", "nJ", "uJ"}, -6);
    case Unit::kMicrowatts:
      return decimal_symbols({"nW", "uW", "mW", "W"}, -3);
    case Unit::kSquareMicrometres:
      return decimal_symbols({"um2", "mm2"}, 0, 6);
    case Unit::kNanometres:
      return decimal_symbols({"nm", "um"}, 0);
    case Unit::kVolts:
      return decimal_symbols({"mV", "V"}, -3);
    case Unit::kPercent:
      return {{"%", 1, 0}};
    case Unit::kKelvin:
      return {{"K", 1, 0}};
  }
  return {};
}

bool is_bare(Unit unit) { return unit == Unit::kCount || unit == Unit::kRatio; }

/// "a number with its unit (Hz, kHz, MHz, GHz)".
std::string expectation(Unit unit) {
  if (is_bare(unit)) {
    return unit == Unit::kCount ? "a whole number" : "a number";
  }
  return fmt::format("a number with its unit ({})", fmt::join(unit_symbols(unit), ", "));
}

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

/// The text cut into number and symbol: "200 MHz", "200MHz". Keeps malformed numbers whole.
struct Cut {
  std::string_view number;
  std::string_view symbol;
};

Cut cut(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space != std::string_view::npos) {
    const std::size_t symbol = text.find_first_not_of(' ', space);
    return {text.substr(0, space), text.substr(symbol)};
  }
  const bool prefixed = text.size() > 2 && text[0] == '0' && std::isalpha(text[1]) != 0;
  if (prefixed && text.find_first_of("xob") == 1) {
    return {text, {}};
  }
  std::size_t end = text.find_first_of("+-") == 0 ? 1 : 0;
  while (end < text.size()) {
    const bool exponent = (text[end] == 'e' || text[end] == 'E') && end + 1 < text.size() &&
                          (is_digit(text[end + 1]) || text[end + 1] == '-' || text[end + 1] == '+');
    if (exponent) {
      end += 2;
    } else if (is_digit(text[end]) || text[end] == '.' || text[end] == ',' || text[end] == '_') {
      ++end;
    } else {
      break;
    }
  }
  return {text.substr(0, end), text.substr(end)};
}

/// A decimal number: digits * 10^exponent.
struct Decimal {
  bool negative = false;
  std::string digits;
  int exponent = 0;
  bool has_exponent = false;
};

/// Why `number` is not a decimal number in our spelling.
std::string spelling_fault(std::string_view number) {
  if (number.find('_') != std::string_view::npos) {
    return "digits are written without underscores";
  }
  if (number.find(',') != std::string_view::npos) {
    return "digits are written without commas, and the decimal sign is a point";
  }
  if (!number.empty() && number[0] == '+') {
    return "numbers are written without a plus sign";
  }
  if (number.size() > 1 && number[0] == '0' && std::isalpha(number[1]) != 0) {
    return "numbers are written in decimal";
  }
  if (!number.empty() && (number.front() == '.' || number.back() == '.')) {
    return "a decimal point stands between digits";
  }
  return "";
}

/// digits [. digits] [e digits], or nothing.
std::optional<Decimal> read_decimal(std::string_view number) {
  Decimal decimal;
  std::size_t at = 0;
  const auto take_digits = [&] {
    const std::size_t start = at;
    while (at < number.size() && is_digit(number[at])) {
      decimal.digits += number[at++];
    }
    return at > start;
  };
  if (at < number.size() && number[at] == '-') {
    decimal.negative = true;
    ++at;
  }
  if (!take_digits()) {
    return std::nullopt;
  }
  if (at < number.size() && number[at] == '.') {
    const std::size_t point = ++at;
    if (!take_digits()) {
      return std::nullopt;
    }
    decimal.exponent = -static_cast<int>(at - point);
  }
  if (at < number.size() && (number[at] == 'e' || number[at] == 'E')) {
    int exponent = 0;
    const std::size_t first = at + (number.substr(at + 1, 1) == "+" ? 2 : 1);
    const char* end = number.data() + number.size();
    const auto result =
        std::from_chars(number.data() + std::min(first, number.size()), end, exponent);
    if (result.ec != std::errc() || result.ptr != end || std::abs(exponent) > 1000) {
      return std::nullopt;
    }
    decimal.has_exponent = true;
    decimal.exponent += exponent;
    at = number.size();
  }
  return at == number.size() ? std::optional(decimal) : std::nullopt;
}

/// Whether `letters` stand in `text` in this order, upper and lower case being equal.
bool holds_in_order(std::string_view letters, std::string_view text) {
  std::size_t at = 0;
  for (const char letter : text) {
    at += at < letters.size() && std::tolower(letters[at]) == std::tolower(letter) ? 1 : 0;
  }
  return at == letters.size();
}

/// "; did you mean 'MHz'?" for mhz and Mz, which lack a letter at most; nothing for THz, for a unit
/// of another size is a guess that would cost a factor.
std::string symbol_meant(std::string_view wanted, Unit unit) {
  const bool micro = wanted.substr(0, 2) == "\xC2\xB5" || wanted.substr(0, 2) == "\xCE\xBC";
  const std::string spelled = micro ? "u" + std::string(wanted.substr(2)) : std::string(wanted);
  for (const std::size_t missing : {0, 1}) {
    for (const std::string& symbol : unit_symbols(unit)) {
      const bool same_first =
          !spelled.empty() && std::tolower(spelled[0]) == std::tolower(symbol[0]);
      if (same_first && symbol.size() == spelled.size() + missing &&
          holds_in_order(spelled, symbol)) {
        return "; did you mean '" + symbol + "'?";
      }
    }
  }
  return "";
}

/// A spelled number and the symbol behind it.
struct Quantity {
  Decimal decimal;
  Symbol symbol;
};

Parsed<Quantity> fault(std::string_view text, const std::string& why) {
  return {{}, fmt::format("found '{}'; {}", text, why)};
}

Parsed<Quantity> read_quantity(std::string_view text, Unit unit) {
  const Cut parts = cut(text);
  const std::string spelling = spelling_fault(parts.number);
  if (text == ".inf" || text == "-.inf" || text == ".nan") {
    return fault(text, "expected " + expectation(unit) + ", and it must be finite");
  }
  if (!spelling.empty()) {
    return fault(text, spelling);
  }
  const auto decimal = read_decimal(parts.number);
  if (!decimal) {
    return fault(text, "expected " + expectation(unit));
  }
  const std::size_t first = decimal->negative ? 1 : 0;
  if (parts.number.size() > first + 1 && parts.number[first] == '0' &&
      is_digit(parts.number[first + 1])) {
    return fault(text, "numbers are decimal and written without leading zeros");
  }
  for (Symbol& symbol : symbols_of(unit)) {
    if (symbol.name == parts.symbol) {
      return {{*decimal, std::move(symbol)}, ""};
    }
  }
  if (is_bare(unit)) {
    return fault(text, "expected " + expectation(unit) + " without a unit");
  }
  return fault(text, "expected " + expectation(unit) + symbol_meant(parts.symbol, unit));
}

/// value * 10^exponent if it is whole (or `rounds`) and small enough; nothing otherwise.
std::optional<Wide> scale(Wide value, int exponent, bool rounds) {
  constexpr Wide kLimit = Wide{1} << 120;
  for (; exponent > 0 && value != 0; --exponent) {
    value *= 10;
    if (value > kLimit / 10) {
      return value;
    }
  }
  Wide divisor = 1;
  for (; exponent < 0 && divisor < kLimit / 10; ++exponent) {
    divisor *= 10;
  }
  if (exponent < 0) {
    return value == 0 || rounds ? std::optional<Wide>(0) : std::nullopt;
  }
  if (value % divisor != 0 && !rounds) {
    return std::nullopt;
  }
  return (value + divisor / 2) / divisor;
}

}  // namespace

std::string unit_symbol(Unit unit) {
  for (const Symbol& symbol : symbols_of(unit)) {
    if (symbol.factor == 1 && symbol.exponent == 0 && symbol.name != "cycle") {
      return symbol.name;
    }
  }
  return "";
}

std::vector<std::string> unit_symbols(Unit unit) {
  std::vector<std::string> names;
  for (Symbol& symbol : symbols_of(unit)) {
    names.push_back(std::move(symbol.name));
  }
  return names;
}

Parsed<std::int64_t> parse_integer(std::string_view text, Unit unit) {
  const Parsed<Quantity> quantity = read_quantity(text, unit);
  if (!quantity.ok()) {
    return {0, quantity.fault};
  }
  const auto& [decimal, symbol] = quantity.value;
  constexpr std::size_t kMostDigits = 25;
  const bool fraction = unit == Unit::kCount && decimal.exponent < 0;
  if (decimal.has_exponent) {
    return {0, fmt::format("found '{}'; whole numbers are written without an exponent", text)};
  }
  if (fraction) {
    return {0, fmt::format("found '{}'; expected a whole number", text)};
  }
  const std::string symbol_behind = is_bare(unit) ? "" : " " + unit_symbol(unit);
  const std::string limit = fmt::format("found '{}'; at most {}{}", text,
                                        std::numeric_limits<std::int64_t>::max(), symbol_behind);
  if (decimal.digits.size() > kMostDigits) {
    return {0, decimal.exponent < 0
                   ? fmt::format("found '{}'; at most {} digits", text, kMostDigits)
                   : limit};
  }
  Wide magnitude = 0;
  for (const char digit : decimal.digits) {
    magnitude = magnitude * 10 + (digit - '0');
  }
  const auto scaled = scale(magnitude * symbol.factor, decimal.exponent + symbol.exponent,
                            unit == Unit::kAttojoules);
  if (!scaled) {
    return {0, fmt::format("found '{}'; not a whole number of {}", text, unit_symbol(unit))};
  }
  if (*scaled > std::numeric_limits<std::int64_t>::max()) {
    return {0, limit};
  }
  const auto value = static_cast<std::int64_t>(*scaled);
  return {decimal.negative ? -value : value, ""};
}

Parsed<double> parse_real(std::string_view text, Unit unit) {
  const Parsed<Quantity> quantity = read_quantity(text, unit);
  if (!quantity.ok()) {
    return {0.0, quantity.fault};
  }
  const auto& [decimal, symbol] = quantity.value;
  const std::string digits = fmt::format("{}{}e{}", decimal.negative ? "-" : "", decimal.digits,
                                         decimal.exponent + symbol.exponent);
  double value = 0.0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  value *= static_cast<double>(symbol.factor);
  if (result.ec != std::errc() || !std::isfinite(value)) {
    return {0.0, fmt::format("found '{}'; outside the range of a double", text)};
  }
  return {value, ""};
}

std::string print_integer(std::int64_t value, Unit unit) {
  if (is_bare(unit)) {
    return std::to_string(value);
  }
  if (unit == Unit::kCycles) {
    return fmt::format("{} {}", value, value == 1 ? "cycle" : "cycles");
  }
  std::string text;
  for (const Symbol& symbol : symbols_of(unit)) {
    Wide size = symbol.factor;
    for (int i = 0; i < symbol.exponent; ++i) {
      size *= 10;
    }
    const bool whole = value != 0 && value % size == 0;
    const bool decimal_byte = unit == Unit::kBytes && symbol.exponent > 0;
    if (text.empty() || (whole && !decimal_byte)) {
      text = fmt::format("{} {}", static_cast<std::int64_t>(value / size), symbol.name);
    }
  }
  return text;
}

std::string print_real(double value, Unit unit) {
  const std::string symbol = unit_symbol(unit);
  return fmt::format("{}{}{}", value, symbol.empty() ? "" : " ", symbol);
}

}  // namespace milliwatt::base
