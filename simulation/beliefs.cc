#include "simulation/beliefs.h"

#include <nlohmann/json.hpp>

namespace simulation {

std::optional<std::string> wrong_belief(std::string_view status,
                                        const std::set<std::string>& names) {
  const auto said = nlohmann::json::parse(status, nullptr, false);
  if (!said.is_object()) return "no status: " + std::string(status);
  const std::string self = said.value("name", "");
  if (const std::string why = said.value("catching_up", ""); !why.empty()) {
    return self + " is still catching up: " + why;
  }
  std::set<std::string> others = names;
  others.erase(self);
  for (const auto& peer : said.value("peers", nlohmann::json::array())) {
    const std::string name = peer.value("name", "");
    if (others.erase(name) == 0) continue;
    const std::string member = peer.value("member", "");
    const std::string state = peer.value("state", "");
    if (member == "alive" && state == "linked") continue;
    std::string belief = self;
    belief.append(" believes ").append(name).append(" ");
    belief.append(member.empty() ? "unheard of" : member);
    return belief.append(state == "linked" ? " and linked" : " and not linked");
  }
  if (!others.empty()) return self + " knows no " + *others.begin();
  return std::nullopt;
}

}  // namespace simulation
