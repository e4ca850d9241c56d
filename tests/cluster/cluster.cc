#include "tests/cluster/cluster.h"

#include <algorithm>
#include <thread>

#include "node/cli/blocks_text.h"
#include "node/cli/demo_people.h"
#include "node/clock.h"
#include "node/text_file.h"

namespace tests {

using node::cli::DemoCluster;

node::cli::SlashCommand slash(const Said& said) {
  node::cli::SlashCommand command;
  command.user_id = node::cli::user_id_of(said.user);
  command.user_name = said.user;
  command.channel_id = node::cli::channel_id_of(said.channel);
  command.channel_name = said.channel;
  command.text = node::cli::escape_typed(said.text);
  command.trigger_id = said.trigger.empty() ? node::cli::fresh_trigger_id() : said.trigger;
  return command;
}

Cluster::Cluster() {
  auto made = DemoCluster::create({.folder = folder_.path() / "demo", .binary = MUSTER_BINARY});
  if (!made) {
    problem_ = made.error().message;
    return;
  }
  peers_ = std::move(*made);
  for (int peer = 1; peer <= peers_->size() && problem_.empty(); ++peer) {
    if (auto started = peers_->start(peer); !started) problem_ = started.error().message;
  }
  if (problem_.empty()) problem_ = settle();
}

node::HttpCall Cluster::sign(const node::cli::SlashCommand& command,
                             std::chrono::seconds ago) const {
  const auto now =
      std::chrono::floor<std::chrono::seconds>(node::read_clock().wall.time_since_epoch());
  return node::cli::signed_call(command, peers_->signing_secret(), now - ago);
}

std::string Cluster::send(int peer, const node::HttpCall& call) {
  const auto answer = peers_->send(peer, call);
  if (!answer) return "FAILED: " + answer.error().message;
  const std::string text = node::cli::draw_body(answer->body, {false, node::cli::demo_names()});
  return answer->status == 200 ? text : "FAILED: " + std::to_string(answer->status) + " " + text;
}

std::string Cluster::list(int peer, std::string_view channel) {
  return send(peer, Said{.text = "list all", .channel = std::string(channel)});
}

std::string Cluster::settle(std::chrono::milliseconds patience) {
  const auto pause = [](std::chrono::milliseconds time) {
    std::this_thread::sleep_for(time);  // Between two looks, not instead of one.
    return true;
  };
  auto settled = peers_->settle(pause, patience);
  return settled ? std::string() : settled.error().message + evidence();
}

std::string Cluster::evidence() {
  constexpr std::size_t kTailBytes = 3000;  // The last twenty lines or so.
  std::string out;
  for (int peer = 1; peer <= peers_->size(); ++peer) {
    out += "\n--- peer " + std::to_string(peer);
    const auto status = peers_->status(peer);
    if (!status) out += ": " + status.error().message;
    if (status) out += ": log " + std::to_string(status->log_head) + " " + status->state_hash;
    if (status) {
      for (const auto& link : status->peers) out += ", " + link.name + " " + link.state;
    }
    const auto log = node::read_text_file((peers_->folder_of(peer) / "log").string());
    if (log) {
      const std::size_t size = log->text.size();
      out += "\n" + log->text.substr(size - std::min(size, kTailBytes));
    }
  }
  return out;
}

void Cluster::isolate(int peer) {
  for (int other = 1; other <= peers_->size(); ++other) {
    if (other != peer) peers_->cut({peer, other});
  }
}

void Cluster::rejoin(int peer) {
  for (int other = 1; other <= peers_->size(); ++other) {
    if (other != peer) peers_->heal({peer, other});
  }
}

std::string Cluster::hash_of(int peer) {
  const auto status = peers_->status(peer);
  return status ? status->state_hash : "?";
}

int count_of(std::string_view text, std::string_view part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

}  // namespace tests
