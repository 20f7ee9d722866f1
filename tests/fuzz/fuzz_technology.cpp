// SPDX-License-Identifier: Apache-2.0
// Any text as a technology file, beside the files that the bundled ones include: it is read, or
// refused with messages; what is read prices the actions of its classes, or says why not.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/error.h"
#include "base/scratch_folder.h"
#include "energy/technology.h"

namespace milliwatt {
namespace {

/// A folder in which a technology finds what the bundled ones find.
struct Shelf {
  base::ScratchFolder folder;

  Shelf() {
    const std::filesystem::path bundled = MILLIWATT_SOURCE_DIR "/configs/technologies";
    for (const char* name : {"shared", "sram_cacti.csv"}) {
      std::filesystem::create_symlink(bundled / name, folder.path(name));
    }
  }
};

void price_all(const energy::Technology& technology) {
  for (const std::string& name : technology.class_names()) {
    const energy::ClassPrices& prices = *technology.find(name);
    std::map<std::string, std::int64_t> attributes;
    for (const std::string& attribute : prices.attributes) {
      attributes[attribute] = 64;
    }
    for (const auto& [action, entry] : prices.actions) {
      technology.cost(entry, attributes, action);
    }
  }
}

}  // namespace
}  // namespace milliwatt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace milliwatt;
  static const Shelf shelf;
  shelf.folder.write("fuzz.yaml", std::string(data, data + size));
  try {
    price_all(energy::Technology::load(shelf.folder.path("fuzz.yaml")));
  } catch (const base::UserError& error) {
    if (error.messages().empty()) {
      throw base::InternalError("a refusal without a message");
    }
  }
  return 0;
}
