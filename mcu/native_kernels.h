// SPDX-License-Identifier: Apache-2.0
// The software kernels of the native host: what MW_CALL runs, on arrays of bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mcu/kernel_record.h"

namespace milliwatt::mcu {

/// Elementary steps of one call: what the host's costs per action multiply.
struct KernelWork {
  std::int64_t macs = 0;          ///< every filter tap counts, also those in the padding
  std::int64_t outputs = 0;       ///< sums that are requantized (convolutions, fully connected)
  std::int64_t taps = 0;          ///< of pooling windows, also those in the padding; of reductions
  std::int64_t additions = 0;     ///< elements of ADD and SUB
  std::int64_t exponentials = 0;  ///< elements of SOFTMAX
  std::int64_t rows = 0;          ///< of SOFTMAX
  std::int64_t copied_bytes = 0;
  std::int64_t moved = 0;     ///< elements that are moved or filled, or the larger one is taken
  std::int64_t rescaled = 0;  ///< elements that are requantized one by one
  std::int64_t sigmoids = 0;  ///< of 8 bits
  std::int64_t lookups = 0;   ///< in the table of the sigmoid
  std::int64_t blends = 0;    ///< elements of a bilinear resize
  std::int64_t reals = 0;     ///< sums, products, quotients, comparisons and roundings of floats
  std::int64_t real_functions = 0;  ///< exponentials and logarithms of floats
};

/// A software kernel with arguments that have passed the checks: it runs on any data without
/// overflow of indices or shifts.
class Kernel {
 public:
  virtual ~Kernel() = default;
  Kernel(const Kernel&) = delete;
  Kernel& operator=(const Kernel&) = delete;

  int layer() const { return record_.layer(); }
  const std::vector<mw_kernel_operand>& operands() const { return record_.operands(); }
  const KernelWork& work() const { return work_; }

  /// The operands' bytes, in the order of operands(). Those that the kernel only writes may begin
  /// with anything; all of their bytes are written.
  using Pointers = std::vector<std::uint8_t*>;
  /// Computes what TFLite Micro's reference kernels do, bit for bit. Throws SimulationError when an
  /// accumulator leaves its bits or a requantization table makes no sense.
  virtual void run(const Pointers& operands) const = 0;

 protected:
  explicit Kernel(const KernelRecord& record) : record_{record} {}

  const KernelRecord& record() const { return record_; }
  int bits(std::size_t operand) const { return operands()[operand].bits; }

  KernelWork work_;

 private:
  KernelRecord record_;
};

/// The kernel of a record. Throws SimulationError, naming the kernel and which argument makes no
/// sense.
std::unique_ptr<Kernel> make_kernel(const std::vector<std::uint8_t>& record);

/// "conv", "softmax", ...; "unknown" for a number that is no enum mw_kernel.
const char* kernel_name(std::uint32_t kernel);

}  // namespace milliwatt::mcu
