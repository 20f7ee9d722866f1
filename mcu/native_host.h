// SPDX-License-Identifier: Apache-2.0
// The native host: walks the program of abi/command_list.h in plain C++.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "abi/command_list.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/traffic.h"
#include "mcu/native_config.h"
#include "mcu/native_kernels.h"
#include "memory/burst.h"

namespace milliwatt::mcu {

/// What the host wants next. The environment does it and comes back with the cycle at which it was
/// done.
struct HostAction {
  enum class Kind : std::uint8_t {
    kRead,           ///< `burst` into `data`
    kWrite,          ///< `burst` from `data`
    kWork,           ///< the core is busy for `cycles`
    kWaitInterrupt,  ///< sleep until the interrupt of `engine` is pending
    kMark,           ///< `layer` begins; takes no time
    kDone,           ///< the section has ended
  };
  Kind kind = Kind::kDone;
  memory::Burst burst;
  /// burst.bytes bytes, valid until the next call of next(); null when the values do not matter.
  std::uint8_t* data = nullptr;
  base::Cycles cycles = 0;
  std::uint32_t engine = 0;
  int layer = base::kNoLayer;
};

/// What the host did in the cycles [begin, end).
enum class HostActivity : std::uint8_t {
  kWork,  ///< instructions
  kBus,   ///< waits for its own burst
  kIdle,  ///< sleeps until an interrupt
};
struct HostInterval {
  base::Cycles begin = 0;
  base::Cycles end = 0;
  int layer = base::kNoLayer;
  HostActivity activity = HostActivity::kWork;
};

/// "host_core": active_cycle (kWork and kBus) and idle_cycle.
base::ComponentClass host_core_class();

/// Where the image of a program lies on the bus, and its size.
struct ProgramPlace {
  std::uint64_t address = 0;
  std::uint32_t bytes = 0;
};

/// A host core that runs the command list and the software kernels, with a stated cost per action
/// (NativeHostConfig) and all its traffic as bus bursts, one at a time. Left out: its instructions,
/// caches and instruction fetches; operands of kernels pass through a private memory without cost.
/// A resumable state machine without time of its own: the same object serves the SystemC module and
/// the estimate, which skips the values of kernels.
class NativeHost {
 public:
  enum class Values : std::uint8_t {
    kComputed,
    kSkipped,  ///< same actions and cycles; only the reads of the program itself carry data
  };
  enum class Section : std::uint8_t { kSetup, kInvoke };

  /// Throws UserError when the burst length is no power of two.
  NativeHost(const NativeHostConfig& config, const ProgramPlace& program, Values values,
             std::string name = "host");

  /// Starts a section in cycle `now` of the host's clock. kSetup comes first: it also reads the
  /// program's head and writes the region bases into every engine. Throws InternalError when a
  /// section is running or set-up has not been done.
  void begin(Section section, base::Cycles now);

  /// The last action was done in cycle `now` (of kRead: with its data); returns the next one.
  /// Throws SimulationError, naming the command, when the program makes no sense; InternalError
  /// when no section is running.
  HostAction next(base::Cycles now);

  /// "host: invoke command 3 (CALL)": for messages about whatever happens now.
  std::string position() const;

  const base::Counters& counters() const { return counters_; }
  /// Every cycle of every section once, in order; neighbours differ in layer or activity.
  const std::vector<HostInterval>& timeline() const { return timeline_; }

 private:
  /// What is to be found out once all tasks are done.
  enum class Stage : std::uint8_t {
    kNotStarted,
    kHead,
    kEngine,
    kFetch,
    kDispatch,
    kKernel,
    kResult,
    kCopy,
    kCopyPiece,
    kSectionEnd,
  };
  /// An action still to be handed out; transfers as one task of many bursts.
  struct Task {
    HostAction action;
    std::uint64_t remaining = 0;
    std::uint32_t value = 0;  ///< of a register write
    bool is_register = false;
  };

  [[noreturn]] void fail(const std::string& reason) const;

  void account(base::Cycles now);
  void remember(base::Cycles begin, base::Cycles end);
  HostAction hand_out();
  HostAction hand_out_burst(Task& task);

  void push_work(base::Cycles cycles);
  void push_transfer(bool write, std::uint64_t address, std::uint64_t bytes, base::Tag tag,
                     void* data);
  void push_register(std::uint32_t engine, std::uint32_t reg, std::uint32_t value);
  void push_program_read(std::uint64_t address, std::uint64_t bytes, void* data);

  void advance();
  void check_head();
  void set_up_engine();
  void begin_section();
  void fetch();
  void fetch_more();
  bool fetch_successor(const mw_command& command);
  std::uint32_t section_commands() const;
  void dispatch();
  void start(const mw_command& command);
  void wait(const mw_command& command);
  void mark(const mw_command& command);
  void call(const mw_command& command);
  void begin_kernel();
  void run_kernel();
  void finish_kernel();
  void begin_copy();
  void copy_piece();

  std::uint64_t address_of(mw_ref place, std::uint64_t bytes) const;
  void check_engine(std::uint32_t engine) const;
  int checked_layer(std::uint32_t layer) const;
  base::Tag tag(base::TensorClass tensor_class) const;
  base::Tag operand_tag(const mw_kernel_operand& operand) const;
  /// Operands that lie in the program are constants.
  base::TensorClass operand_class(mw_ref place) const;
  /// Private memory of an operand. Its bytes begin undefined: those of an operand that cannot be
  /// read at all shall cost nothing.
  struct Buffer {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::uint32_t size = 0;
  };
  /// At least `size` bytes of operand `index`; null when values are skipped.
  std::uint8_t* room_for(std::size_t index, std::uint32_t size);

  NativeHostConfig config_;
  ProgramPlace program_;
  Values values_;
  std::string name_;

  Stage stage_ = Stage::kNotStarted;
  Section section_ = Section::kSetup;
  bool set_up_ = false;
  mw_program_head head_{};
  std::uint32_t engine_ = 0;   ///< next to be set up
  std::uint32_t command_ = 0;  ///< number of the command that is running
  std::uint32_t next_command_ = 0;
  std::vector<mw_command> fetched_;
  std::uint32_t first_fetched_ = 0;
  std::vector<std::uint8_t> record_;  ///< of the call that is running
  std::unique_ptr<Kernel> kernel_;
  mw_copy_args copy_{};
  std::uint64_t copy_source_ = 0;
  std::uint64_t copy_destination_ = 0;
  std::uint64_t copied_ = 0;
  std::vector<Buffer> operands_;  ///< of kernels; a copy uses the first
  std::uint32_t register_value_ = 0;

  std::deque<Task> tasks_;
  int marked_layer_ = base::kNoLayer;
  int layer_ = base::kNoLayer;  ///< that the running command works for

  base::Cycles accounted_ = 0;  ///< all time before is in the counters
  HostActivity activity_ = HostActivity::kWork;
  int activity_layer_ = base::kNoLayer;
  base::Counters counters_;
  std::vector<HostInterval> timeline_;
};

}  // namespace milliwatt::mcu
