#include "node/cli/store_place.h"

namespace node::cli {

void add_place_options(CLI::App& command, PlaceOptions& options) {
  CLI::Option_group* place = command.add_option_group("place", "which peer");
  place->add_option("--config", options.config, "the peer's configuration, on its machine");
  place->add_option("--data", options.data, "its data_dir, without a configuration");
  place->require_option(1);
}

crdt::Result<StorePlace> place_of(const PlaceOptions& options) {
  if (!options.config.empty()) return store_place_in(options.config);
  return StorePlace{options.data, {}, {}};
}

}  // namespace node::cli
