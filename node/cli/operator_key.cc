#include "node/cli/operator_key.h"

#include <filesystem>

#include "node/cli/node_files.h"
#include "node/entropy.h"
#include "node/text_file.h"

namespace node::cli {

crdt::Result<OperatorKeys> make_operator_keys(const std::string& dir) {
  const std::string daily = dir + "/operator.key";
  const std::string recovery = dir + "/recovery.key";
  for (const std::string& path : {daily, recovery}) {
    std::error_code ignored;
    if (std::filesystem::exists(path, ignored)) {
      return crdt::Error(path +
                         " is there already; it stays as it is. Choose another "
                         "--operator-dir");
    }
  }
  if (const auto made = make_dir(dir); !made) return made.error();
  crdt::Rng rng(seed_from_system());
  const OperatorKeys keys{gossip::draw_signing_seed(rng), gossip::draw_signing_seed(rng)};
  const auto first = write_new_file(daily, gossip::exposed_hex(keys.daily) + "\n");
  if (!first) return first.error();
  const auto second = write_new_file(recovery, gossip::exposed_hex(keys.recovery) + "\n");
  if (!second) return second.error();
  return keys;
}

crdt::Result<gossip::SigningSeed> read_operator_key(const std::string& file) {
  const auto text = read_text_file(file);
  if (!text) return text.error();
  auto seed = gossip::signing_seed_from_hex(text->text.substr(0, 2 * gossip::kKeyBytes));
  if (!seed) {
    return crdt::Error(file + " holds no operator key; muster init --operator-dir makes one");
  }
  return seed;
}

void add_operator_option(CLI::App& command, std::string& file) {
  command
      .add_option("--operator-key", file,
                  "the operator's key; muster init --operator-dir makes it, and it stays here")
      ->required();
}

}  // namespace node::cli
