// SPDX-License-Identifier: Apache-2.0
#include "workloads/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <optional>

#include "base/error.h"

namespace milliwatt::workloads {

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

struct Descriptor {
  std::string_view text;
  ElementType type;
};
constexpr std::array<Descriptor, 7> kDescriptors = {{{"|i1", ElementType::kInt8},
                                                     {"|u1", ElementType::kUint8},
                                                     {"<i2", ElementType::kInt16},
                                                     {"<i4", ElementType::kInt32},
                                                     {"<i8", ElementType::kInt64},
                                                     {"<f4", ElementType::kFloat32},
                                                     {"|b1", ElementType::kBool}}};

/// Reads the header: a Python dictionary with the keys descr, fortran_order and shape.
class HeaderReader {
 public:
  HeaderReader(std::string_view text, const std::string& name) : text_{text}, name_{name} {}

  NpyArray read() {
    expect('{');
    while (peek() != '}') {
      read_entry();
      if (peek() == ',') {
        ++at_;
      }
    }
    if (!type_ || !shape_ || !ordered_) {
      fail("its header lacks 'descr', 'fortran_order' or 'shape'");
    }
    return {*type_, *shape_, {}};
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw base::UserError(fmt::format("{}: {}", name_, why));
  }

  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) {
      ++at_;
    }
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  void expect(char wanted) {
    if (peek() != wanted) {
      fail(fmt::format("its header is damaged (expected '{}' at byte {})", wanted, at_));
    }
    ++at_;
  }

  bool accept(std::string_view word) {
    peek();
    const bool found = text_.substr(at_, word.size()) == word;
    at_ += found ? word.size() : 0;
    return found;
  }

  std::string_view quoted() {
    expect('\'');
    const std::size_t end = text_.find('\'', at_);
    if (end == std::string_view::npos) {
      fail("its header is damaged (a quote is not closed)");
    }
    const std::string_view word = text_.substr(at_, end - at_);
    at_ = end + 1;
    return word;
  }

  void read_entry() {
    const std::string_view key = quoted();
    expect(':');
    if (key == "descr") {
      type_ = element_type(peek() == '\'' ? quoted() : "(structured)");
    } else if (key == "fortran_order") {
      read_order();
    } else if (key == "shape") {
      shape_ = read_shape();
    } else {
      fail(fmt::format("its header has the unknown key '{}'", key));
    }
  }

  ElementType element_type(std::string_view descriptor) const {
    for (const Descriptor& known : kDescriptors) {
      if (known.text == descriptor || known.text.substr(1) == descriptor) {
        return known.type;
      }
    }
    if (!descriptor.empty() && descriptor.front() == '>') {
      fail(fmt::format("holds big-endian data ('{0}'); save it with array.astype('<{1}')",
                       descriptor, descriptor.substr(1)));
    }
    fail(
        fmt::format("holds elements of type '{}'; milliwatt reads int8, uint8, int16, int32, "
                    "int64, float32 and bool: convert it with array.astype(...)",
                    descriptor));
  }

  void read_order() {
    if (accept("True")) {
      fail("is stored in Fortran order; save it with numpy.ascontiguousarray(array)");
    }
    ordered_ = accept("False");
  }

  std::vector<std::int32_t> read_shape() {
    std::vector<std::int32_t> shape;
    expect('(');
    while (peek() != ')') {
      shape.push_back(read_extent());
      if (peek() == ',') {
        ++at_;
      } else if (peek() != ')') {
        fail("its header is damaged (the shape is not a tuple)");
      }
    }
    ++at_;
    return shape;
  }

  std::int32_t read_extent() {
    std::int64_t extent = 0;
    const std::size_t first = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' && extent < 1 << 30) {
      extent = extent * 10 + (text_[at_++] - '0');
    }
    if (at_ == first || extent < 1 || extent >= 1 << 30) {
      fail("has a shape with an extent that is not a number from 1 to 2^30");
    }
    return static_cast<std::int32_t>(extent);
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
  std::optional<ElementType> type_;
  std::optional<std::vector<std::int32_t>> shape_;
  bool ordered_ = false;
};

std::size_t byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<std::uint8_t>(bytes[index]);
}

/// Bytes of the array, or nothing when it would take more than 2^32.
std::optional<std::uint64_t> stored_bytes(const NpyArray& array) {
  auto bytes = static_cast<std::uint64_t>(element_bits(array.type) / 8);
  for (const std::int32_t extent : array.shape) {
    bytes *= static_cast<std::uint64_t>(extent);
    if (bytes > std::uint64_t{1} << 32) {
      return std::nullopt;
    }
  }
  return bytes;
}

}  // namespace

bool is_npy(std::string_view bytes) { return bytes.substr(0, kMagic.size()) == kMagic; }

NpyArray parse_npy(std::string_view bytes, const std::string& name) {
  constexpr std::size_t kVersionAt = 6;
  constexpr std::size_t kLengthAt = 8;
  if (!is_npy(bytes) || bytes.size() < kLengthAt + 4) {
    throw base::UserError(name + ": not an .npy file, or truncated");
  }
  const std::size_t version = byte_at(bytes, kVersionAt);
  if (version != 1 && version != 2) {
    throw base::UserError(fmt::format(
        "{}: has .npy format version {}; milliwatt reads versions 1 and 2", name, version));
  }
  std::size_t length = byte_at(bytes, kLengthAt) | byte_at(bytes, kLengthAt + 1) << 8;
  std::size_t header_at = kLengthAt + 2;
  if (version == 2) {
    length |= byte_at(bytes, kLengthAt + 2) << 16 | byte_at(bytes, kLengthAt + 3) << 24;
    header_at = kLengthAt + 4;
  }
  if (length > bytes.size() - header_at) {
    throw base::UserError(name + ": truncated inside the .npy header");
  }
  NpyArray array = HeaderReader(bytes.substr(header_at, length), name).read();
  const std::string_view data = bytes.substr(header_at + length);
  const auto expected = stored_bytes(array);
  if (!expected || data.size() != *expected) {
    throw base::UserError(fmt::format("{}: shape [{}] of {} does not take the {} bytes of data",
                                      name, fmt::join(array.shape, ", "), element_name(array.type),
                                      data.size()));
  }
  array.data.assign(data.begin(), data.end());
  return array;
}

std::string format_npy(const NpyArray& array) {
  constexpr std::size_t kAlignment = 64;
  constexpr std::size_t kPreamble = 10;
  std::string_view descriptor;
  for (const Descriptor& known : kDescriptors) {
    descriptor = known.type == array.type ? known.text : descriptor;
  }
  if (descriptor.empty() || stored_bytes(array) != array.data.size()) {
    throw base::InternalError("array cannot be written as .npy");
  }
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", descriptor,
                  fmt::join(array.shape, ", "), array.shape.size() == 1 ? "," : "");
  const std::size_t unpadded = kPreamble + header.size() + 1;
  header.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  header.push_back('\n');
  std::string bytes(kMagic);
  bytes += {'\x01', '\x00', static_cast<char>(header.size() & 0xFF),
            static_cast<char>(header.size() >> 8)};
  bytes += header;
  bytes.append(array.data.begin(), array.data.end());
  return bytes;
}

}  // namespace milliwatt::workloads
