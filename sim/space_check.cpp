// SPDX-License-Identifier: Apache-2.0
#include "sim/space_check.h"

#include <algorithm>
#include <cstdint>
#include <map>
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

/// Of so many points all are tried before a value is said to be good at none of them.
constexpr std::int64_t kMostPoints = 512;

/// Asks platform files whether they can be read with some settings. Keys may need each other: a
/// value is good when some point with it is, which is looked for first beside one value of another
/// axis, then along the fewest faults, then at all points.
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

  /// By itself, or with varied values that mend it.
  void check_platform(const std::string& platform) {
    const Messages faults = faults_of(platform, {});
    if (faults.empty()) {
      return;
    }
    const bool mended = std::any_of(choices_.begin(), choices_.end(), [&](const Choice& choice) {
      return faults_of(platform, {choice.setting}).empty();
    });
    if (!mended && !descends(platform, Messages(space_.axes().size())) &&
        good_values(platform).empty()) {
      add(faults);
      broken_.insert(platform);
    }
  }

  /// On one of the platforms, alone or beside values of other axes.
  void check_choice(const Choice& choice) {
    Messages faults;
    for (const std::string& platform : space_.platforms()) {
      const Messages alone = faults_of(platform, {choice.setting});
      const bool good = broken_.count(platform) > 0 || alone.empty() || pairs(platform, choice) ||
                        descends(platform, at_its_axis(choice)) ||
                        good_values(platform).count(choice.setting) > 0;
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

  /// A setting for each axis, of which only that of the choice is there.
  Messages at_its_axis(const Choice& choice) const {
    Messages settings(space_.axes().size());
    settings[choice.axis] = choice.setting;
    return settings;
  }

  Messages faults_at(const std::string& platform, Messages settings) const {
    settings.erase(std::remove(settings.begin(), settings.end(), ""), settings.end());
    return faults_of(platform, settings);
  }

  /// Whether all faults go when each axis that has no setting yet, in turn, takes the value with
  /// the fewest.
  bool descends(const std::string& platform, Messages settings) const {
    std::size_t least = SIZE_MAX;
    for (std::size_t axis = 0; axis < settings.size() && least > 0; ++axis) {
      if (!settings[axis].empty()) {
        continue;
      }
      std::size_t fewest = SIZE_MAX;
      Messages best = settings;
      for (const Choice& choice : choices_) {
        Messages trial = settings;
        trial[axis] = choice.setting;
        const std::size_t faults =
            choice.axis == axis ? faults_at(platform, trial).size() : SIZE_MAX;
        if (faults < fewest) {
          fewest = faults;
          best = trial;
        }
      }
      settings = best;
      least = fewest;
    }
    return least == 0;
  }

  /// The settings of all good points of a platform whose points are few; of others none.
  const std::set<std::string>& good_values(const std::string& platform) {
    const auto [entry, is_new] = good_values_.try_emplace(platform);
    const std::int64_t points = points_per_platform();
    for (std::int64_t index = 0; is_new && points <= kMostPoints && index < points; ++index) {
      const Messages settings = point(index);
      if (faults_of(platform, settings).empty()) {
        entry->second.insert(settings.begin(), settings.end());
      }
    }
    return entry->second;
  }

  std::int64_t points_per_platform() const {
    std::int64_t points = 1;
    for (const Axis& axis : space_.axes()) {
      points *= static_cast<std::int64_t>(axis.values.size());
    }
    return points;
  }

  Messages point(std::int64_t index) const {
    Messages settings;
    for (const Axis& axis : space_.axes()) {
      const auto values = static_cast<std::int64_t>(axis.values.size());
      settings.push_back(axis.key + "=" + axis.values[static_cast<std::size_t>(index % values)]);
      index /= values;
    }
    return settings;
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
  std::map<std::string, std::set<std::string>> good_values_;  ///< by platform
  std::set<std::string> seen_;
  base::Diagnostics faults_;
};

}  // namespace

void check_space(const PointSpace& space) { SpaceCheck{space}.run(); }

}  // namespace milliwatt::sim
