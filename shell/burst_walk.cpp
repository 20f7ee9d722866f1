// SPDX-License-Identifier: Apache-2.0
#include "shell/burst_walk.h"

#include <algorithm>

namespace milliwatt::shell {

void BurstWalk::open_run() {
  address_ = row_address(row_);
  do {
    left_ += transfer_.row_bytes;
    ++row_;
  } while (row_ < rows_ && row_address(row_) == address_ + left_);
}

bool BurstWalk::next(Piece& piece) {
  if (left_ == 0) {
    if (row_ == rows_) {
      return false;
    }
    open_run();
  }
  const std::uint64_t room = max_bytes_ - (address_ & (max_bytes_ - 1));
  piece.address = address_;
  piece.bytes = static_cast<std::uint32_t>(std::min(left_, room));
  address_ += piece.bytes;
  left_ -= piece.bytes;
  return true;
}

}  // namespace milliwatt::shell
