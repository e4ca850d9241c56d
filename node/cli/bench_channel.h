// Channel: one replica's copy of an incident channel, changed by real `/ir` commands, without a
// store: what benchmarks fill stores with, and measure.
#pragma once

#include <string>

#include "crdt/check.h"
#include "crdt/document.h"
#include "crdt/repository.h"
#include "slack/handler.h"

namespace node::cli {

inline constexpr crdt::WallTime kChannelNow{std::chrono::seconds(1'763'680'000)};

inline slack::SlashCommand channel_command(const std::string& text, std::uint64_t trigger,
                                           const std::string& channel = "C001000000") {
  slack::SlashCommand command;
  command.team_id = "T0MUSTER";
  command.channel_id = channel;
  command.user_id = "U002000000";
  command.user_name = "ann";
  command.command = "/ir";
  command.text = text;
  command.signed_at = kChannelNow;
  command.id = crdt::request_id_of(
      {"A0MUSTER", command.team_id, "1763680000000.738474920." + std::to_string(trigger)});
  return command;
}

class Channel {
 public:
  explicit Channel(std::uint64_t replica) : self_{replica} {}

  const crdt::Document& document() const { return document_; }
  crdt::ReplicaId self() const { return self_; }

  // What `/ir text` comes to here; nothing is changed yet.
  slack::HandlerResult handle(const std::string& text, std::uint64_t trigger) const {
    return handle(channel_command(text, trigger));
  }
  slack::HandlerResult handle(const slack::SlashCommand& command) const {
    slack::HandlerContext context;
    context.self = self_;
    context.previous = previous_;
    context.now = kChannelNow;
    return slack::handle(command, document_, context);
  }

  // REQUIRES that the command changes something.
  crdt::Delta change(const std::string& text, std::uint64_t trigger) {
    slack::HandlerResult result = handle(text, trigger);
    CHECK(result.delta.has_value());
    CHECK(document_.apply(*result.delta) == crdt::Applied::kApplied);
    previous_ = document_.context();
    return std::move(*result.delta);
  }

  void add_tasks(std::uint64_t count, std::uint64_t first_trigger) {
    for (std::uint64_t i = 0; i < count; ++i) {
      change("add replica lag on db-" + std::to_string(i) + " grows, look at the orders table " +
                 "<@U003|sam> !red",
             first_trigger + i);
    }
  }

  void take(const crdt::Delta& delta) { CHECK(document_.apply(delta) != crdt::Applied::kGap); }
  void learn_from(const Channel& other) {
    CHECK(document_.merge(other.document_.fragment(document_.context())).has_value());
  }

 private:
  crdt::ReplicaId self_;
  crdt::Document document_;
  crdt::VersionVector previous_;
};

}  // namespace node::cli
