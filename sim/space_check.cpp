// SPDX-License-Identifier: Apache-2.0
#include "sim/space_check.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/diagnostics.h"
#include "base/error.h"
#include "sim/platform.h"
#include "workloads/load.h"

namespace milliwatt::sim {
namespace {

using Messages = std::vector<std::string>;

/// One value of one axis, as the setting that it is.
struct Choice {
  std::size_t axis = 0;
  std::string setting;
};

std::vector<Choice> choices_of(const PointSpace& space) {
  std::vector<Choice> choices;
  for (std::size_t axis = 0; axis < space.axes().size(); ++axis) {
    for (const std::string& value : space.axes()[axis].values) {
      choices.push_back({axis, space.axes()[axis].key + "=" + value});
    }
  }
  return choices;
}

/// Asks platform files whether they can be read with some settings.
class SpaceCheck {
 public:
  explicit SpaceCheck(const PointSpace& space) : space_{space}, choices_{choices_of(space)} {}

  void run() {
    check_networks();
    for (const std::string& platform : space_.platforms()) {
      check_platform(platform);
    }
    for (const Choice& choice : choices_) {
      check_choice(choice);
    }
    faults_.throw_if_any();
  }

 private:
  /// The faults of a platform's keys; none when it can be read.
  Messages faults_of(const std::string& platform, const Messages& varied) const {
    Messages settings = space_.settings();
    settings.insert(settings.end(), varied.begin(), varied.end());
    try {
      check_platform_keys(platform, settings);
    } catch (const base::UserError& error) {
      return error.messages();
    }
    return {};
  }

  void check_networks() {
    for (const std::string& network : space_.networks()) {
      try {
        workloads::load_network(network);
      } catch (const base::UserError& error) {
        add(error.messages());
      }
    }
  }

  /// By itself, or with one varied value that mends it.
  void check_platform(const std::string& platform) {
    const Messages faults = faults_of(platform, {});
    if (faults.empty()) {
      return;
    }
    const bool mended = std::any_of(choices_.begin(), choices_.end(), [&](const Choice& choice) {
      return faults_of(platform, {choice.setting}).empty();
    });
    if (!mended) {
      add(faults);
      broken_.insert(platform);
    }
  }

  /// On one of the platforms, alone or beside one value of another axis.
  void check_choice(const Choice& choice) {
    Messages faults;
    for (const std::string& platform : space_.platforms()) {
      const Messages alone = faults_of(platform, {choice.setting});
      const bool good = broken_.count(platform) > 0 || alone.empty() || pairs(platform, choice);
      if (good) {
        return;
      }
      faults = faults.empty() ? alone : faults;
    }
    add_varied(faults, choice.setting);
  }

  bool pairs(const std::string& platform, const Choice& choice) const {
    return std::any_of(choices_.begin(), choices_.end(), [&](const Choice& other) {
      return other.axis != choice.axis &&
             faults_of(platform, {choice.setting, other.setting}).empty();
    });
  }

  void add(const Messages& messages) {
    for (const std::string& message : messages) {
      if (seen_.insert(message).second) {
        faults_.add(message);
      }
    }
  }

  /// An unknown key is one fault, whatever its values.
  void add_varied(const Messages& messages, const std::string& setting) {
    const std::string prefix = "--set " + setting;
    for (const std::string& message : messages) {
      const bool own = message.rfind(prefix, 0) == 0;
      const std::string rest = own ? message.substr(prefix.size()) : message;
      if (seen_.insert(rest).second) {
        faults_.add((own ? "--vary " + setting : "") + rest);
      }
    }
  }

  const PointSpace& space_;
  std::vector<Choice> choices_;
  std::set<std::string> broken_;
  std::set<std::string> seen_;
  base::Diagnostics faults_;
};

}  // namespace

void check_space(const PointSpace& space) { SpaceCheck{space}.run(); }

}  // namespace milliwatt::sim
